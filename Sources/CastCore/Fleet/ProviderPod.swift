package import Foundation

/// A pod as the provider describes it.
///
/// Only id and name are always known; the provider's answers are read leniently, and what it did not say is nil.
package struct ProviderPod: Sendable, Equatable {
    /// What the provider says that the pod is at.
    package enum Status: String, Sendable, CaseIterable {
        case provisioning
        case starting
        /// Bought and billed. The container need not have started: see `isUp`.
        case running
        /// Stopped; its disk may still be billed.
        case stopped
        /// The container cannot be recovered; billed until it is terminated.
        case failed
        case terminated
        /// A status that we do not know.
        case unknown
    }

    package var id: PodID
    package var name: String
    package var status: Status
    /// What was really given; it may differ from what was asked for.
    package var gpu: GPUID?
    package var cloud: Cloud?
    /// The true price; the catalogue's is a hint.
    package var pricePerHour: Money?
    package var dataCentre: DataCentreID?
    /// The newest CUDA version that the host's driver supports.
    package var hostCUDA: CUDAVersion?
    /// Since the container's last start; nil before it has started.
    package var uptime: Duration?
    package var createdAt: Date?
    package var startedAt: Date?
    /// As the provider gives it back: without what it injected, placeholders of secrets still in place.
    package var environment: PodEnvironment

    package init(
        id: PodID, name: String, status: Status, gpu: GPUID? = nil, cloud: Cloud? = nil, pricePerHour: Money? = nil,
        dataCentre: DataCentreID? = nil, hostCUDA: CUDAVersion? = nil, uptime: Duration? = nil,
        createdAt: Date? = nil, startedAt: Date? = nil, environment: PodEnvironment = [:]
    ) {
        self.id = id
        self.name = name
        self.status = status
        self.gpu = gpu
        self.cloud = cloud
        self.pricePerHour = pricePerHour
        self.dataCentre = dataCentre
        self.hostCUDA = hostCUDA
        self.uptime = uptime
        self.createdAt = createdAt
        self.startedAt = startedAt
        self.environment = environment
    }

    /// Whether the container has started: the status alone says "running" long before.
    package var isUp: Bool { self.status == .running && self.uptime != nil }
}

/// The pods that the provider listed.
package struct PodList: Sendable, Equatable {
    package var pods: [ProviderPod]
    /// One sentence for each entry in which not even an id could be read.
    ///
    /// While there are some, a pod that is not in `pods` may be one of them: it is not known to be gone.
    package var unreadable: [String]

    package init(_ pods: [ProviderPod] = [], unreadable: [String] = []) {
        self.pods = pods
        self.unreadable = unreadable
    }

    package var isComplete: Bool { self.unreadable.isEmpty }
}

/// A line that a pod wrote, or that the provider wrote about it.
package struct PodLogLine: Sendable, Equatable {
    package enum Source: String, Sendable {
        case container
        /// The provider: image pulls, starts of the container.
        case system
    }

    package var time: Date?
    package var source: Source
    package var text: String

    package init(time: Date?, source: Source, text: String) {
        self.time = time
        self.source = source
        self.text = text
    }
}
