"""`make newest`: run the clinic and the lessons on other versions of TensorFlow and Keras.

The command changes neither the pinned environment nor the lock nor the stored notebooks: it
installs the versions in .newest/ and runs a copy of the course there.
"""
