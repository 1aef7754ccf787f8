"""The web app. The pages run in Streamlit's process, which stays light; everything heavy runs in worker processes."""
