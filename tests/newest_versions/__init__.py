"""`make canary`: the clinic and the lessons on other versions of TensorFlow and Keras.

The pinned environment, the lock and the stored notebooks are not touched: the versions are
installed in .canary/, and what runs there is a copy of the course.
"""
