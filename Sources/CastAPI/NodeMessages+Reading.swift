import CastCore

extension RegisterNodeRequest: ReadableBody {
    package init(from fields: inout FieldReader) {
        self.init(
            name: fields.string("name"), url: fields.string("url"),
            whisperModel: fields.optionalString("whisper_model"),
            whisperBackend: fields.optionalString("whisper_backend"), priority: fields.optionalInt("priority"))
    }
}

extension HeartbeatRequest: ReadableBody {
    package init(from fields: inout FieldReader) {
        self.init(
            name: fields.optionalString("name"), whisperModel: fields.optionalString("whisper_model"),
            whisperBackend: fields.optionalString("whisper_backend"),
            currentJobID: fields.optionalInt("current_job_id").map { JobID(Int64($0)) },
            claimedJobIDs: fields.optionalInts("claimed_job_ids")?.map { JobID(Int64($0)) })
    }
}

extension ProgressRequest: ReadableBody {
    package init(from fields: inout FieldReader) {
        self.init(progressPercent: fields.int("progress_percent"))
    }
}

extension CompleteRequest: ReadableBody {
    package init(from fields: inout FieldReader) {
        self.init(
            transcriptText: fields.string("transcript_text"), whisperModel: fields.optionalString("whisper_model"),
            transcript: fields.optional("transcript", as: Transcript.self))
    }
}

extension FailRequest: ReadableBody {
    package init(from fields: inout FieldReader) {
        self.init(errorMessage: fields.string("error_message"), retry: fields.bool("retry", default: true))
    }
}
