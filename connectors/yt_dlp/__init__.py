"""Videos of any site, as yt-dlp writes their records: info.json, with media and subtitles beside it."""
