package import Foundation

/// The billed life of one pod: a row of the ledger.
package struct PodRun: Sendable, Equatable, Codable, Identifiable {
    package var id: String
    package var instance: InstanceID
    package var pod: PodID
    package var gpu: GPUID
    package var gpuName: String
    package var cloud: Cloud
    package var model: String
    package var pricePerHour: Money
    package var startedAt: Date
    /// When the provider was first known to have nothing left to bill.
    package var endedAt: Date?
    package var endReason: String?
    /// What the provider billed, once its records are complete.
    package var billed: Money?
    package var jobs: Int
    package var audioSeconds: Double
    package var busySeconds: Double
    /// Its worker, once there was one; what that has transcribed is what the money was for.
    package var node: NodeID?

    package init(
        id: String, instance: InstanceID, pod: PodID, gpu: GPUID, gpuName: String, cloud: Cloud, model: String,
        pricePerHour: Money, startedAt: Date, endedAt: Date? = nil, endReason: String? = nil, billed: Money? = nil,
        jobs: Int = 0, audioSeconds: Double = 0, busySeconds: Double = 0
    ) {
        self.id = id
        self.instance = instance
        self.pod = pod
        self.gpu = gpu
        self.gpuName = gpuName
        self.cloud = cloud
        self.model = model
        self.pricePerHour = pricePerHour
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.endReason = endReason
        self.billed = billed
        self.jobs = jobs
        self.audioSeconds = audioSeconds
        self.busySeconds = busySeconds
    }

    package init(of pod: Pod, _ rental: Rental) {
        // Instances are drawn anew once in a while; with the time of the plan a run's id is never used twice.
        self.init(
            id: "\(pod.instance)-\(Int(pod.plannedAt.timeIntervalSince1970))", instance: pod.instance, pod: rental.pod,
            gpu: rental.gpu, gpuName: rental.gpuName, cloud: rental.cloud, model: pod.model,
            pricePerHour: rental.pricePerHour, startedAt: rental.since)
    }

    /// What it costs by the provider's price.
    package func cost(at now: Date) -> Money {
        .cost(perHour: self.pricePerHour, for: .seconds((self.endedAt ?? now).timeIntervalSince(self.startedAt)))
    }

    /// The best that is known: the bill, else the price.
    package func money(at now: Date) -> Money { self.billed ?? self.cost(at: now) }
}

/// What the worker of a pod has got done since it registered.
package struct WorkDone: Sendable, Equatable {
    package var jobs: Int
    package var audioSeconds: Double
    package var busySeconds: Double

    package init(jobs: Int, audioSeconds: Double, busySeconds: Double) {
        self.jobs = jobs
        self.audioSeconds = audioSeconds
        self.busySeconds = busySeconds
    }
}
