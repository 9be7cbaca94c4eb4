"""The errors of the updater.

StickError
 ├── GrantError       (grant) the words of a grant that cannot be one
 └── SignatureError   (signature) openssl does not vouch for a grant, or cannot be asked
AddressError          (address) no release that RAUC vouches for is to be had there
"""


class StickError(Exception):
    """What is on the stick counts for nothing; says why."""


class GrantError(StickError):
    """A grant that cannot be one; says which key, with which value."""


class SignatureError(StickError):
    """No signature of the provisioning authority; says openssl's reason."""


class AddressError(Exception):
    """Nothing is known of the release at an address; says which, and RAUC's reason."""
