"""The face exam: what each detector finds of the faces that people saw, in pictures and clips."""
