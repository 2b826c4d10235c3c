"""What runs one stage: the run folder and its manifest, the run report, the funnel, Beam's runners."""
