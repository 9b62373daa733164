"""Whether a machine and a project can run campaigns: what ``hebe doctor`` looks at."""
