"""The pages: each a function ``page()`` that Streamlit runs anew at every touch.

The folder is not called ``pages``, because of such a one Streamlit would make a page of every module in it.
"""
