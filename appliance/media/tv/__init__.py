"""The TV: pictures and sound leave the box here, through VLC, in a child process of its own.

`Television` is in `television`; nothing is imported here, because the child imports this package
and must stay lean.
"""
