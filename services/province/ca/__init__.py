"""The identity of sites: the province's certificate authority, enrolment, renewal, revocation."""
