"""Which inodes files had when they were saved, from a snapshot's trees: a restic before 0.16 lists none."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec

from agent.adapters.restic.calls import ResticCalls
from agent.adapters.restic.messages import Count, understood

MOST_TREES = 200  # that are read; each takes a call


class TreeNode(msgspec.Struct):
    """What lies in a tree; a name that needs it is written with escapes."""

    name: str = ""
    inode: Count = 0
    subtree: Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{64})?$")] = ""


class Tree(msgspec.Struct):
    """The answer of `restic cat blob` for a tree."""

    nodes: list[TreeNode] | None = None


class Trees:
    """The trees of one snapshot, each read once."""

    def __init__(self, restic: ResticCalls, root: str, options: Sequence[str]) -> None:
        self._restic = restic
        self._root = root
        self._options = options
        self._known: dict[str, Mapping[str, TreeNode]] = {}

    def inode(self, path: str) -> int:
        """Of the file at an absolute path; 0 where that cannot be told."""
        node = TreeNode(subtree=self._root)
        for name in path.strip("/").split("/"):
            node = self._nodes(node.subtree).get(name, TreeNode())
        return node.inode

    def _nodes(self, tree: str) -> Mapping[str, TreeNode]:
        if tree and tree not in self._known and len(self._known) < MOST_TREES:
            doing = "looking for what came in meanwhile"
            answer = self._restic.answer(["cat", *self._options, "blob", tree], doing)
            nodes = understood(answer, Tree, doing).nodes or ()
            self._known[tree] = {node.name: node for node in nodes}
        return self._known.get(tree, {})
