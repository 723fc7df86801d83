package import Foundation

/// What can happen to a pod; events come late, twice or never.
package enum PodEvent: Sendable, Equatable {
    /// Written down right before the create call.
    case createSent(Candidate, Stay)
    /// The provider answered with the pod, or the pod was found by its name.
    case accepted(Rental)
    /// The create got no answer that tells whether there is a pod.
    case outcomeUnknown(String)
    /// The provider said no; another candidate is tried later, or `isFinal` and none will do.
    case refused(String, isFinal: Bool)
    /// The provider was asked for the pod's name, and said that it has none.
    case notFoundByName
    /// The provider shows it, and says so much of it.
    case seen(Sighting)
    /// The container runs.
    case containerStarted
    /// What the setup in the pod told.
    case setupReported(SetupReport)
    case workerRegistered(NodeID, heardAt: Date)
    /// A heartbeat, and whether the worker has a job.
    case workerHeard(at: Date, isBusy: Bool)
    case heartbeatLost(String)
    /// The worker asked to be ended.
    case leaveRequested(String)
    case endRequested(String)
    /// More pods than there may be.
    case foundSurplus(String)
    case foundIdle(String)
    case deadlinePassed(PodDeadline)
    /// The list is complete and leaves it out, and a look-up says that there is no such pod.
    case missing
    case wrongMachine(String)
    /// The provider says that it stopped or failed, or the pod itself says that it cannot work.
    case broke(String)
    case jobsReleased
    /// A look-up says that it is gone.
    case goneConfirmed
    case nodeRemoved
    case persistenceSet(Bool)
    /// A key for the tailnet was made for it; a device of its name may appear.
    case keyMinted
    /// Its devices are out of the tailnet, or are left to it.
    case devicesRemoved
}

/// What the provider says of a pod that it shows; nil where it says nothing.
package struct Sighting: Sendable, Equatable {
    package var pricePerHour: Money?
    package var gpu: GPUID?
    package var dataCentre: DataCentreID?

    package init(pricePerHour: Money? = nil, gpu: GPUID? = nil, dataCentre: DataCentreID? = nil) {
        self.pricePerHour = pricePerHour
        self.gpu = gpu
        self.dataCentre = dataCentre
    }

    package init(_ pod: ProviderPod) {
        // A pod that does not run is shown at no price.
        self.init(
            pricePerHour: pod.pricePerHour.flatMap { $0 > .zero ? $0 : nil }, gpu: pod.gpu,
            dataCentre: pod.dataCentre)
    }
}

/// What the setup in a pod tells about itself.
package struct SetupReport: Sendable, Equatable, Codable {
    package enum Phase: String, Sendable, Codable, CaseIterable {
        case connecting
        case installing
        case ready
        case failed
    }

    package var phase: Phase
    package var message: String
    package var error: String?
    /// The last lines of its log, where it failed.
    package var log: String?
    /// The pod's address in the tailnet.
    package var hostIP: String?

    /// Texts from a pod are cut to this length: nobody knows who writes them.
    package static let longestText = 2_000
    package static let longestLog = 8_000

    /// - Parameter error: One line; what follows are the last lines of the log, as the existing start script sends them.
    package init(phase: Phase, message: String = "", error: String? = nil, hostIP: String? = nil) {
        self.phase = phase
        self.message = String(message.prefix(Self.longestText))
        let lines = (error ?? "").split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        self.error = error.map { _ in String((lines.first ?? "").prefix(Self.longestText)) }
        let log = lines.count > 1 ? lines[1].suffix(Self.longestLog) : ""
        self.log = log.isEmpty ? nil : String(log)
        self.hostIP = hostIP.map { String($0.prefix(64)) }
    }
}

/// How long a pod may take for what it has to do.
package enum PodDeadline: String, Sendable, Codable, CaseIterable {
    /// From the intent until the provider has something free.
    case capacity
    /// From the provider's yes until the container runs.
    case launch
    /// From there until the setup is done.
    case setup
    /// From there until the worker registers.
    case registration
    /// From the release of its jobs until it is terminated without them.
    case draining
    /// The end of the stay.
    case lifetime
}

/// The lengths of the deadlines.
package struct PodLimits: Sendable, Equatable {
    package var capacity: TimeInterval = 1800
    /// 9 to 13 minutes were measured for a fresh host to pull an image of this size; dstack too gives RunPod 20
    /// minutes.
    package var launch: TimeInterval = 1200
    package var setup: TimeInterval = 900
    package var registration: TimeInterval = 300
    package var draining: TimeInterval = 120
    /// A worker that was cut off leaves by itself after five minutes; then nobody is there any more.
    package var heartbeat: TimeInterval = 420
    /// Longer than the worker's own, which goes first where it can.
    package var idle: TimeInterval = 900

    package init() {}
}
