"""The lab: hosts, a switch and an engine on a real kernel (User-Mode Linux). See README.md in this folder."""
