"""The floor below all rooms: errors, hashing, whole writes, the home folder, this machine. It imports none of ours."""
