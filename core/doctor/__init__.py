"""Why a link does not work: checks in their order, the pulse of each link, and who called us."""
