"""Who a site is: the province's certificate authority, enrolment, renewal, revocation."""
