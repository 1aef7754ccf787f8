"""A script: paint a folder on a Ray cluster of this machine, some of whose nodes are killed; its report is printed.

python cluster_runs.py PHOTOS STYLE OUT SECONDS NODES KILL_AFTER
"""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import asdict

from cheap_method import Cheap
from ray.cluster_utils import Cluster

from impasto.engine.folder import Advance, stylize_folder


def main() -> None:
    photos, style, out, seconds, nodes, kill_after = sys.argv[1:]
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s %(message)s")
    args = {"num_cpus": 1, "num_gpus": 0, "object_store_memory": 80_000_000, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=args)
    del args["include_dashboard"]
    others = [cluster.add_node(**args) for _ in range(int(nodes) - 1)]

    def kill(advance: Advance) -> None:
        if others and advance.done >= int(kill_after):
            cluster.remove_node(others.pop(), allow_graceful=False)

    report = stylize_folder(
        photos,
        style,
        Cheap(seconds=float(seconds)),
        out=out,
        workers="ray",
        address=cluster.address,
        on_step=kill,
    )
    print(json.dumps({**asdict(report), "nodes left": 1 + len(others)}))
    cluster.shutdown()


if __name__ == "__main__":
    main()
