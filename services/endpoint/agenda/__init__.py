"""The agenda of this site: fetched, doubted, kept."""
