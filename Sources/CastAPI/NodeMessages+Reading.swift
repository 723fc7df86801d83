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
            claimedJobIDs: fields.optionalInts("claimed_job_ids", atMost: Self.maximumJobs)?.map { JobID(Int64($0)) },
            stages: fields.optionalList("stages", of: StageMessage.self, atMost: Self.maximumStages))
    }

    package var isWithinLimits: Bool {
        (self.claimedJobIDs?.count ?? 0) <= Self.maximumJobs && (self.stages?.count ?? 0) <= Self.maximumStages
    }

    /// There are seven; a later version may have more.
    package static let maximumStages = 50

    /// No node holds more; a longer list is a fault of its sender.
    package static let maximumJobs = 1000
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

    /// A transcript of a day of audio with every word's time is about 30 MB of JSON.
    package static var maximumBytes: Int { 64 * 1024 * 1024 }
}

extension FailRequest: ReadableBody {
    package init(from fields: inout FieldReader) {
        self.init(
            errorMessage: Self.cut(fields.string("error_message")), retry: fields.bool("retry", default: true))
    }

    package var isWithinLimits: Bool { self.errorMessage.unicodeScalars.count <= Self.maximumMessage }

    /// A page of text says why; what comes after it (a log, a trace) is not kept.
    package static let maximumMessage = 4000

    private static func cut(_ text: String) -> String { String(text.unicodeScalars.prefix(Self.maximumMessage)) }
}
