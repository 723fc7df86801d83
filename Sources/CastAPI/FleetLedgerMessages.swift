package import CastCore
import Foundation

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

/// `GET /api/runpod/costs`: what pods cost by day, by GPU, by feed and by episode; the dearest first.
package struct PodCostsResponse: Sendable, Codable, Equatable {
    package struct Day: Sendable, Codable, Equatable {
        /// Like `2026-11-25`, in UTC.
        package var day: String
        package var cost: Double
    }

    package struct GPU: Sendable, Codable, Equatable {
        package var gpuType: String
        package var cost: Double
        package var runs: Int
        package var jobs: Int
        package var audioHours: Double
        /// Null before there is any audio.
        @Null package var costPerAudioHour: Double?

        enum CodingKeys: String, CodingKey {
            case cost, runs, jobs
            case gpuType = "gpu_type"
            case audioHours = "audio_hours"
            case costPerAudioHour = "cost_per_audio_hour"
        }
    }

    package struct Feed: Sendable, Codable, Equatable {
        package var feedID: FeedID
        package var title: String
        package var cost: Double
        package var episodes: Int
        package var audioHours: Double

        enum CodingKeys: String, CodingKey {
            case title, cost, episodes
            case feedID = "feed_id"
            case audioHours = "audio_hours"
        }
    }

    package struct Episode: Sendable, Codable, Equatable {
        package var episodeID: EpisodeID
        package var feedID: FeedID
        package var title: String
        package var cost: Double

        enum CodingKeys: String, CodingKey {
            case title, cost
            case episodeID = "episode_id"
            case feedID = "feed_id"
        }
    }

    package var totalCost: Double
    /// Of pods that transcribed nothing.
    package var unassignedCost: Double
    package var days: [Day]
    package var gpus: [GPU]
    package var feeds: [Feed]
    /// A thousand at most.
    package var episodes: [Episode]

    package init(_ costs: FleetCosts) {
        self.totalCost = costs.totals.total.money.dollars
        self.unassignedCost = costs.unassigned.dollars
        self.days = costs.totals.byDay.sorted { $0.key < $1.key }.map {
            Day(day: String($0.key.formatted(.iso8601).prefix(10)), cost: $0.value.dollars)
        }
        self.gpus = costs.totals.byGPU.sorted { ($0.value.money, $1.key) > ($1.value.money, $0.key) }.map {
            var gpu = GPU(
                gpuType: $0.key, cost: $0.value.money.dollars, runs: $0.value.runs, jobs: $0.value.jobs,
                audioHours: $0.value.audioSeconds / 3600)
            gpu.costPerAudioHour = $0.value.dollarsPerAudioHour
            return gpu
        }
        self.feeds = costs.byFeed.sorted { ($0.value.money, $1.key.rawValue) > ($1.value.money, $0.key.rawValue) }
            .map {
                Feed(
                    feedID: $0.key, title: $0.value.title, cost: $0.value.money.dollars,
                    episodes: $0.value.episodes.count, audioHours: $0.value.audioSeconds / 3600)
            }
        self.episodes = costs.byEpisode
            .sorted { ($0.value.money, $1.key.rawValue) > ($1.value.money, $0.key.rawValue) }.prefix(1000)
            .map {
                Episode(
                    episodeID: $0.key, feedID: $0.value.feed, title: $0.value.title, cost: $0.value.money.dollars)
            }
    }

    enum CodingKeys: String, CodingKey {
        case days, gpus, feeds, episodes
        case totalCost = "total_cost"
        case unassignedCost = "unassigned_cost"
    }
}
