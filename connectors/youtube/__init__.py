"""YouTube: archives of videos with their comments, replay graphs and subtitles."""
