import CastClient
package import CastCore

/// What the node says of itself on `/status`; the first four fields are those of nodes of the existing server.
package struct NodeStatus: Sendable, Codable, Equatable {
    package struct CurrentJob: Sendable, Codable, Equatable {
        package var jobID: JobID
        package var episodeTitle: String?
        package var elapsedSeconds: Int
        package var progressPercent: Int

        enum CodingKeys: String, CodingKey {
            case jobID = "job_id"
            case episodeTitle = "episode_title"
            case elapsedSeconds = "elapsed_seconds"
            case progressPercent = "progress_percent"
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(self.jobID, forKey: .jobID)
            // Null, not left out.
            try container.encode(self.episodeTitle, forKey: .episodeTitle)
            try container.encode(self.elapsedSeconds, forKey: .elapsedSeconds)
            try container.encode(self.progressPercent, forKey: .progressPercent)
        }
    }

    package var status = "ok"
    package var name: String
    /// Whether it takes work; false while it is leaving.
    package var running: Bool
    package var currentJob: CurrentJob?
    package var model: String
    package var server: String
    package var serverReachable: Bool?
    package var uptimeSeconds: Int
    /// Jobs whose audio is on its way.
    package var fetching: Int
    /// Jobs whose audio is here, beside the current one.
    package var prefetched: Int
    /// Results and reports that the server has not taken yet.
    package var spool: Int
    package var jobsDone: Int
    package var jobsFailed: Int
    /// Where the audio came from.
    package var audio: FetchedAudio
    /// What each step of the way has done, and what waits before it.
    package var stages: [StageReport]

    enum CodingKeys: String, CodingKey {
        case status, name, running, model, server, fetching, prefetched, spool, audio, stages
        case currentJob = "current_job"
        case serverReachable = "server_reachable"
        case uptimeSeconds = "uptime_seconds"
        case jobsDone = "jobs_done"
        case jobsFailed = "jobs_failed"
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.status, forKey: .status)
        try container.encode(self.name, forKey: .name)
        try container.encode(self.running, forKey: .running)
        try container.encode(self.currentJob, forKey: .currentJob)
        try container.encode(self.model, forKey: .model)
        try container.encode(self.server, forKey: .server)
        try container.encode(self.serverReachable, forKey: .serverReachable)
        try container.encode(self.uptimeSeconds, forKey: .uptimeSeconds)
        try container.encode(self.fetching, forKey: .fetching)
        try container.encode(self.prefetched, forKey: .prefetched)
        try container.encode(self.spool, forKey: .spool)
        try container.encode(self.jobsDone, forKey: .jobsDone)
        try container.encode(self.jobsFailed, forKey: .jobsFailed)
        try container.encode(self.audio, forKey: .audio)
        try container.encode(self.stages, forKey: .stages)
    }

    package init(
        _ state: NodeState, name: String, model: String, server: String, uptime: Duration,
        audio: FetchedAudio = FetchedAudio(), stages: [StageReport] = []
    ) {
        self.name = name
        self.running = !state.isStopping
        self.model = model
        self.server = server
        self.serverReachable = state.isServerReachable
        self.uptimeSeconds = Int(uptime.components.seconds)
        self.fetching = state.jobs.count { $0.stage == .fetching }
        self.prefetched = state.ahead.count - self.fetching
        self.spool = state.unsent
        self.jobsDone = state.jobsDone
        self.jobsFailed = state.jobsFailed
        self.audio = audio
        self.stages = stages
        self.currentJob = state.recognising.map { job, share, since in
            CurrentJob(
                jobID: job.handle.job, episodeTitle: job.title,
                elapsedSeconds: Int((uptime - since).components.seconds), progressPercent: Int(share * 100))
        }
    }
}
