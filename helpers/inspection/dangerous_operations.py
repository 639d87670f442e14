"""The operations of TensorFlow that do more than compute, and what they do."""

# The effects of operations that do more than compute: {effect: names of operations}.
EFFECTS = {
    "writes files": "WriteFile PrintV2 Save SaveSlices SaveV2 MergeV2Checkpoints SaveDataset "
    "SaveDatasetV2 DistributedSave SnapshotDataset SnapshotDatasetV2 CacheDataset CacheDatasetV2 "
    "DatasetToTFRecord ExperimentalDatasetToTFRecord CreateSummaryFileWriter CreateSummaryDbWriter "
    "WriteSummary WriteScalarSummary WriteAudioSummary WriteImageSummary WriteHistogramSummary "
    "WriteGraphSummary WriteRawProtoSummary ImportEvent",
    "reads files": "ReadFile MatchingFiles MatchingFilesDataset ExperimentalMatchingFilesDataset "
    "Restore RestoreSlice RestoreV2 LoadDataset LoadAndRemapMatrix GenerateVocabRemapping "
    "InitializeTableFromTextFile InitializeTableFromTextFileV2 FixedUnigramCandidateSampler "
    "WholeFileReader WholeFileReaderV2 TextLineReader TextLineReaderV2 LMDBReader TFRecordReader "
    "TFRecordReaderV2 FixedLengthRecordReader FixedLengthRecordReaderV2 TextLineDataset "
    "TFRecordDataset TFRecordDatasetV2 FixedLengthRecordDataset FixedLengthRecordDatasetV2 "
    "CSVDataset CSVDatasetV2 ExperimentalCSVDataset LMDBDataset ExperimentalLMDBDataset "
    "SqlDataset ExperimentalSqlDataset RecordInput SnapshotDatasetReader SnapshotChunkDataset "
    "SnapshotNestedDatasetReader ListSnapshotChunksDataset FileSystemSetConfiguration "
    "DecodeProtoV2 EncodeProto",
    "sends to other computers or lets them in": "DataServiceDataset DataServiceDatasetV2 "
    "DataServiceDatasetV3 DataServiceDatasetV4 RegisterDataset RegisterDatasetV2 RemoteCall Send "
    "Recv DebugIdentity DebugIdentityV2 DebugIdentityV3 DebugNanCount DebugNumericSummary "
    "DebugNumericSummaryV2",
    "calls Python in the process that loads it": "PyFunc PyFuncStateless EagerPyFunc",
    "ends the process": "Abort",
    "holds a program that no list of operations shows": "DatasetFromGraph XlaCallModule",
}
EFFECT = {op: effect for effect, ops in EFFECTS.items() for op in ops.split()}
# An export may use these only to save and restore its own weights.
RESTORERS = {"RestoreV2", "Restore"}
SAVERS = {"SaveV2", "MergeV2Checkpoints", "Save", "SaveSlices", *RESTORERS}
# {operation: (the attribute that decides whether it uses a file, its default, the harmless values)}
SETTINGS = {
    "PrintV2": ("output_stream", "stderr", r"std(err|out)|log\((info|warning|error)\)"),
    "FixedUnigramCandidateSampler": ("vocab_file", "", ""),
    "DecodeProtoV2": ("descriptor_source", "local://", "local://"),
    "EncodeProto": ("descriptor_source", "local://", "local://"),
}
# An export may use these only to read its own assets.
FROM_FILE = ("InitializeTableFromTextFile", "InitializeTableFromTextFileV2")
