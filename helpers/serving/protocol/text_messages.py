"""Message classes for two configuration files that TensorFlow Serving's Python package lacks.

The server reads only the text format of these files. So the names of the fields must be those of
TensorFlow Serving, but the numbers of the fields need not.
"""

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, wrappers_pb2

_WRAPPED = ".google.protobuf."
_PLAIN = {
    "bool": descriptor_pb2.FieldDescriptorProto.TYPE_BOOL,
    "int64": descriptor_pb2.FieldDescriptorProto.TYPE_INT64,
    "string": descriptor_pb2.FieldDescriptorProto.TYPE_STRING,
}
_MESSAGES = {
    "BatchingParameters": {
        "max_batch_size": "Int64Value",
        "batch_timeout_micros": "Int64Value",
        "max_enqueued_batches": "Int64Value",
        "num_batch_threads": "Int64Value",
        "thread_pool_name": "StringValue",
        "allowed_batch_sizes": "repeated int64",
        "pad_variable_length_inputs": "bool",
        "enable_large_batch_splitting": "BoolValue",
        "max_execution_batch_size": "Int64Value",
    },
    "PrometheusConfig": {"enable": "bool", "path": "string"},
    "MonitoringConfig": {"prometheus_config": "PrometheusConfig"},
}


def _classes():
    file = descriptor_pb2.FileDescriptorProto(
        name="helpers/serving/text_messages.proto",
        package="helpers.serving",
        syntax="proto3",
        dependency=["google/protobuf/wrappers.proto"],
    )
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, (field, kind) in enumerate(fields.items(), 1):
            repeated, kind = kind.startswith("repeated "), kind.split()[-1]
            added = message.field.add(name=field, number=number, label=3 if repeated else 1)
            if kind in _PLAIN:
                added.type = _PLAIN[kind]
            else:
                added.type = added.TYPE_MESSAGE
                own = f".{file.package}.{kind}"
                added.type_name = own if kind in _MESSAGES else _WRAPPED + kind
    pool = descriptor_pool.DescriptorPool()
    wrappers = descriptor_pb2.FileDescriptorProto()
    wrappers_pb2.DESCRIPTOR.CopyToProto(wrappers)
    pool.Add(wrappers)
    pool.Add(file)
    return message_factory.GetMessageClassesForFiles([file.name], pool)


_found = _classes()
BatchingParameters = _found["helpers.serving.BatchingParameters"]
MonitoringConfig = _found["helpers.serving.MonitoringConfig"]
