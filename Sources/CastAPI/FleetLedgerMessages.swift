package import CastCore

/// A line of the fleet's log.
package struct FleetEventMessage: Sendable, Codable, Equatable {
    package var id: Int64
    package var at: WireDate
    package var kind: String
    @Null package var instanceID: String?
    package var message: String
    package var facts: [String: String]

    package init(_ event: FleetEvent) {
        self.id = event.id ?? 0
        self.at = WireDate(event.at)
        self.kind = event.kind.rawValue
        self.message = event.message
        self.facts = event.facts
        self._instanceID = Null(wrappedValue: event.instance?.text)
    }

    enum CodingKeys: String, CodingKey {
        case id, at, kind, message, facts
        case instanceID = "instance_id"
    }
}

/// `GET /api/runpod/events`: newest first.
package struct FleetEventsResponse: Sendable, Codable, Equatable {
    package var events: [FleetEventMessage]

    package init(_ events: [FleetEventMessage]) { self.events = events }
}

/// A pod's billed life.
package struct PodRunMessage: Sendable, Codable, Equatable {
    package var instanceID: String
    package var podID: String
    package var gpuType: String
    package var cloud: String
    package var model: String
    package var startedAt: WireDate
    @Null package var endedAt: WireDate?
    @Null package var endReason: String?
    /// US dollars.
    package var gpuPriceHr: Double
    package var cost: Double
    /// Whether the cost is the provider's bill, and not only the price by the time.
    package var isBilled: Bool
    package var jobsCompleted: Int
    package var audioHours: Double
    /// Audio hours for a dollar; null before there is something to divide by.
    @Null package var audioHoursPerDollar: Double?

    package init(_ run: PodRun, cost: Money) {
        self.instanceID = run.instance.text
        self.podID = run.pod.rawValue
        self.gpuType = run.gpuName
        self.cloud = run.cloud.rawValue
        self.model = run.model
        self.startedAt = WireDate(run.startedAt)
        self.gpuPriceHr = run.pricePerHour.dollars
        self.cost = cost.dollars
        self.isBilled = run.billed != nil
        self.jobsCompleted = run.jobs
        self.audioHours = run.audioSeconds / 3600
        self._endedAt = Null(wrappedValue: WireDate(run.endedAt))
        self._endReason = Null(wrappedValue: run.endReason)
        let ratio = cost.dollars > 0 && run.audioSeconds > 0 ? run.audioSeconds / 3600 / cost.dollars : nil
        self._audioHoursPerDollar = Null(wrappedValue: ratio)
    }

    enum CodingKeys: String, CodingKey {
        case cloud, model, cost
        case instanceID = "instance_id"
        case podID = "pod_id"
        case gpuType = "gpu_type"
        case startedAt = "started_at"
        case endedAt = "ended_at"
        case endReason = "end_reason"
        case gpuPriceHr = "gpu_price_hr"
        case isBilled = "is_billed"
        case jobsCompleted = "jobs_completed"
        case audioHours = "audio_hours"
        case audioHoursPerDollar = "audio_hours_per_dollar"
    }
}

/// `GET /api/runpod/runs`: newest first, with what they come to.
package struct PodRunsResponse: Sendable, Codable, Equatable {
    package var runs: [PodRunMessage]
    package var totalCost: Double
    package var totalAudioHours: Double
    package var totalJobs: Int

    package init(_ runs: [PodRunMessage]) {
        self.runs = runs
        self.totalCost = runs.reduce(0) { $0 + $1.cost }
        self.totalAudioHours = runs.reduce(0) { $0 + $1.audioHours }
        self.totalJobs = runs.reduce(0) { $0 + $1.jobsCompleted }
    }

    enum CodingKeys: String, CodingKey {
        case runs
        case totalCost = "total_cost"
        case totalAudioHours = "total_audio_hours"
        case totalJobs = "total_jobs"
    }
}
