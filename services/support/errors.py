"""The errors of what a stick of the IT centre brings.

StickError
 ├── GrantError       (grant) the words of a grant that cannot be one
 └── SignatureError   (signature) openssl does not vouch for a grant, or cannot be asked
"""


class StickError(Exception):
    """What is on the stick counts for nothing; says why."""


class GrantError(StickError):
    """A grant that cannot be one; says which key, with which value."""


class SignatureError(StickError):
    """No signature of the provisioning authority; says openssl's reason."""
