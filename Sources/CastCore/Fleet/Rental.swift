package import Foundation

/// The time for which money is reserved, written down before the pod is asked for.
package struct Stay: Sendable, Equatable, Codable {
    /// When the create was sent: the pod may bill from here on.
    package var from: Date
    /// When the pod is ended, whatever it does.
    package var leaveAt: Date
    /// The most that an hour may cost.
    package var priceLimit: Money
    /// What made the stay shorter than the maximum lifetime, in words.
    package var shortenedBy: String?

    package init(from: Date, leaveAt: Date, priceLimit: Money, shortenedBy: String? = nil) {
        self.from = from
        self.leaveAt = leaveAt
        self.priceLimit = priceLimit
        self.shortenedBy = shortenedBy
    }

    /// Ending a pod takes time too: releasing its jobs (two minutes at most), and asking until it is gone.
    package static let endingTime: TimeInterval = 600

    /// Until when money is reserved.
    package var reservedUntil: Date { self.leaveAt + Self.endingTime }
}

/// A create call: what was asked for, and what is known of its outcome.
package struct Ask: Sendable, Equatable, Codable {
    package var candidate: Candidate
    package var stay: Stay
    /// How often the pod was looked for by its name, and the provider said that there is none.
    package var looks: Int

    package init(candidate: Candidate, stay: Stay, looks: Int = 0) {
        self.candidate = candidate
        self.stay = stay
        self.looks = looks
    }

    /// Looking for a pod whose create got no answer ends after so many clean looks, and not before `searchTime`.
    ///
    /// A create that the provider works on may show up late, and a list may leave a pod out once.
    package static let requiredLooks = 3
    package static let searchTime: TimeInterval = 180

    func isProvenAbsent(at now: Date) -> Bool {
        self.looks >= Self.requiredLooks && now.timeIntervalSince(self.stay.from) >= Self.searchTime
    }
}

/// A pod that the provider rents to us: from here on it costs money.
package struct Rental: Sendable, Equatable, Codable {
    package var pod: PodID
    /// What was asked for.
    package var askedGPU: GPUID
    /// What was really given.
    package var gpu: GPUID
    package var gpuName: String
    package var cloud: Cloud
    package var dataCentre: DataCentreID?
    package var pricePerHour: Money
    /// Billed from here on, as far as anybody knows.
    package var since: Date
    package var stay: Stay
    /// When the container was first seen to run.
    package var upAt: Date?
    /// When the setup said that it is done; the worker has to register soon after.
    package var saidReadyAt: Date?
    /// Why its setup or its worker failed, of a pod that stays for a person to look.
    package var setupFailure: PodEnding?
    /// How often in a row the list left it out and a look-up did not find it.
    package var misses = 0

    package init(
        pod: PodID, gpu: GPUID, gpuName: String, cloud: Cloud, dataCentre: DataCentreID? = nil, pricePerHour: Money,
        since: Date, stay: Stay
    ) {
        self.pod = pod
        self.askedGPU = gpu
        self.gpu = gpu
        self.gpuName = gpuName
        self.cloud = cloud
        self.dataCentre = dataCentre
        self.pricePerHour = pricePerHour
        self.since = since
        self.stay = stay
    }

    /// What came of an ask.
    ///
    /// A pod whose true price is not said (or said to be nothing, as of one that does not run yet) counts at the most
    /// that it may cost. It bills from its creation, but never from before we asked: the provider's clock is not ours.
    package init(_ pod: ProviderPod, for ask: Ask, at now: Date) {
        let gpu = pod.gpu ?? ask.candidate.gpu
        self.init(
            pod: pod.id, gpu: gpu, gpuName: gpu == ask.candidate.gpu ? ask.candidate.displayName : gpu.rawValue,
            cloud: pod.cloud ?? ask.candidate.cloud, dataCentre: pod.dataCentre,
            pricePerHour: Sighting(pod).pricePerHour ?? ask.stay.priceLimit,
            since: min(max(pod.createdAt ?? ask.stay.from, ask.stay.from), max(now, ask.stay.from)), stay: ask.stay)
        self.askedGPU = ask.candidate.gpu
    }

    /// The same, with what the provider shows of it.
    func seen(_ sighting: Sighting) -> Rental {
        var seen = self
        seen.misses = 0
        seen.pricePerHour = sighting.pricePerHour ?? self.pricePerHour
        seen.dataCentre = sighting.dataCentre ?? self.dataCentre
        if let gpu = sighting.gpu, gpu != self.gpu {
            seen.gpu = gpu
            seen.gpuName = gpu.rawValue
        }
        return seen
    }

    /// The same, once more not found.
    var missed: Rental {
        var missed = self
        missed.misses += 1
        return missed
    }

    /// A pod that nobody can account for: it is ended, and its money counted from its creation.
    package init(unaccounted pod: ProviderPod, at now: Date) {
        let since = min(pod.createdAt ?? now, now)
        let price = pod.pricePerHour ?? .zero
        self.init(
            pod: pod.id, gpu: pod.gpu ?? "unknown", gpuName: pod.gpu?.rawValue ?? "unknown",
            cloud: pod.cloud ?? .secure, dataCentre: pod.dataCentre, pricePerHour: price, since: since,
            stay: Stay(from: since, leaveAt: now, priceLimit: price))
    }
}

/// The worker that runs in a pod.
package struct PodWorker: Sendable, Equatable, Codable {
    package var node: NodeID
    package var registeredAt: Date
    /// Its last heartbeat; kept to the minute, so that not every heartbeat is a write.
    package var heardAt: Date
    /// Since when it has had no job.
    package var idleSince: Date?

    package init(node: NodeID, registeredAt: Date, heardAt: Date, idleSince: Date? = nil) {
        self.node = node
        self.registeredAt = registeredAt
        self.heardAt = heardAt
        self.idleSince = idleSince
    }
}
