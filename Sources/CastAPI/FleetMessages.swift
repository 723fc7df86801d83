package import CastCore

/// Where a pod's setup stands, as the existing server shows it.
package struct SetupStateMessage: Sendable, Codable, Equatable {
    package var instanceID: String
    @Null package var podID: String?
    package var podName: String
    package var tsHostname: String
    package var nodeName: String
    /// "" until it is known.
    package var gpuType: String
    /// One of the six phases of the wire.
    package var phase: String
    package var message: String
    package var startedAt: WireDate
    @Null package var error: String?
    /// The last lines of its log, where it failed and could say so; new.
    @Null package var lastLines: String?
    @Null package var hostIP: String?
    package var persistent: Bool
    /// The state in this server's own words: one of `creating`, `starting`, …, `draining`, `terminating`, `gone`.
    package var state: String
    /// US dollars an hour, once it is rented.
    @Null package var pricePerHour: Double?
    /// US dollars so far.
    @Null package var cost: Double?
    package var purpose: String
    package var model: String
    package var jobsCompleted: Int

    package init(_ pod: Pod, _ run: PodRun?, cost: Money?) {
        self.instanceID = pod.instance.text
        self.podName = pod.name
        self.tsHostname = pod.instance.tailscaleHostname
        self.nodeName = pod.instance.nodeName
        self.gpuType = run?.gpuName ?? ""
        self.phase = pod.phase.rawValue
        self.message = pod.message
        self.startedAt = WireDate(pod.plannedAt)
        self.persistent = pod.isPersistent
        self.state = pod.stateName
        self.purpose = pod.purpose
        self.model = pod.model
        self.jobsCompleted = run?.jobs ?? 0
        let ending = pod.ending ?? pod.rental?.setupFailure
        let failure = ending.flatMap { $0.isFailure ? $0.detail : nil }
        self._podID = Null(wrappedValue: pod.rental?.pod.rawValue ?? run?.pod.rawValue)
        self._error = Null(wrappedValue: failure)
        self._lastLines = Null(wrappedValue: ending?.log)
        self._hostIP = Null(wrappedValue: pod.hostIP)
        self._pricePerHour = Null(wrappedValue: run?.pricePerHour.dollars)
        self._cost = Null(wrappedValue: cost?.dollars)
    }

    enum CodingKeys: String, CodingKey {
        case phase, message, error, persistent, state, cost, purpose, model
        case instanceID = "instance_id"
        case podID = "pod_id"
        case podName = "pod_name"
        case tsHostname = "ts_hostname"
        case nodeName = "node_name"
        case gpuType = "gpu_type"
        case startedAt = "started_at"
        case lastLines = "last_lines"
        case hostIP = "host_ip"
        case pricePerHour = "price_per_hour"
        case jobsCompleted = "jobs_completed"
    }
}

/// `GET /api/runpod/status`.
package struct FleetStatusResponse: Sendable, Codable, Equatable {
    package struct ActivePod: Sendable, Codable, Equatable {
        package var id: String
        package var name: String
        package var status: String
        package var gpuType: String
        @Null package var createdAt: WireDate?

        package init(_ pod: ProviderPod, gpu: String) {
            self.id = pod.id.rawValue
            self.name = pod.name
            self.status = pod.status.rawValue
            self.gpuType = gpu
            self._createdAt = Null(wrappedValue: WireDate(pod.createdAt))
        }

        enum CodingKeys: String, CodingKey {
            case id, name, status
            case gpuType = "gpu_type"
            case createdAt = "created_at"
        }
    }

    package struct Spending: Sendable, Codable, Equatable {
        /// `hour`, `day` or `month`.
        package var period: String
        /// US dollars; null without a cap.
        @Null package var cap: Double?
        package var spent: Double
        package var reserved: Double

        package init(period: String, cap: Money?, spent: Money, reserved: Money) {
            self.period = period
            self.spent = spent.dollars
            self.reserved = reserved.dollars
            self._cap = Null(wrappedValue: cap?.dollars)
        }
    }

    /// Whether a provider is configured.
    package var available: Bool
    package var enabled: Bool
    package var canCreate: Bool
    package var canCreateReason: String
    package var maxPods: Int
    package var activePods: [ActivePod]
    package var setupStates: [SetupStateMessage]
    package var autoScaleEnabled: Bool
    package var scaleThreshold: Int
    package var spending: [Spending]
    /// What is wrong with the provider; null when nothing is.
    @Null package var trouble: String?
    /// Why scaling buys nothing now, whatever waits.
    @Null package var hold: String?
    /// What the server was seen to send to pods; absent without a provider.
    package var uplink: UplinkMessage?

    package init(
        available: Bool, enabled: Bool, canCreate: Bool, canCreateReason: String, maxPods: Int,
        activePods: [ActivePod], setupStates: [SetupStateMessage], autoScaleEnabled: Bool, scaleThreshold: Int,
        spending: [Spending], trouble: String?, hold: String?, uplink: UplinkMessage? = nil
    ) {
        self.available = available
        self.enabled = enabled
        self.canCreate = canCreate
        self.canCreateReason = canCreateReason
        self.maxPods = maxPods
        self.activePods = activePods
        self.setupStates = setupStates
        self.autoScaleEnabled = autoScaleEnabled
        self.scaleThreshold = scaleThreshold
        self.spending = spending
        self._trouble = Null(wrappedValue: trouble)
        self._hold = Null(wrappedValue: hold)
        self.uplink = uplink
    }

    enum CodingKeys: String, CodingKey {
        case available, enabled, spending, trouble, hold, uplink
        case canCreate = "can_create"
        case canCreateReason = "can_create_reason"
        case maxPods = "max_pods"
        case activePods = "active_pods"
        case setupStates = "setup_states"
        case autoScaleEnabled = "auto_scale_enabled"
        case scaleThreshold = "scale_threshold"
    }
}

/// What the server was seen to send to pods.
package struct UplinkMessage: Sendable, Codable, Equatable {
    /// Of the last minutes, while any pod was served; null when none was.
    @Null package var bytesPerSecond: Double?
    /// What went out while pods wanted more; null as long as no shortage was seen.
    @Null package var limitBytesPerSecond: Double?
    /// Of the audio of jobs that pods took, the share that this server sent; the rest came from publishers.
    package var share: Double

    package init(_ uplink: Uplink) {
        self.share = uplink.share
        self._bytesPerSecond = Null(wrappedValue: uplink.rate)
        self._limitBytesPerSecond = Null(wrappedValue: uplink.limit)
    }

    enum CodingKeys: String, CodingKey {
        case share
        case bytesPerSecond = "bytes_per_second"
        case limitBytesPerSecond = "limit_bytes_per_second"
    }
}

/// `POST /api/runpod/pods`; without a body the pod leaves when it is idle.
package struct CreatePodRequest: Sendable, Codable, Equatable, ReadableBody {
    package var persistent: Bool

    package init(persistent: Bool = false) { self.persistent = persistent }

    package init(from fields: inout FieldReader) { self.init(persistent: fields.bool("persistent", default: false)) }
}

package struct CreatePodResponse: Sendable, Codable, Equatable {
    package var instanceID: String
    package var message: String

    package init(instanceID: String, message: String) {
        self.instanceID = instanceID
        self.message = message
    }

    enum CodingKeys: String, CodingKey {
        case message
        case instanceID = "instance_id"
    }
}

/// `PATCH /api/runpod/pods/{instance_id}/persistent`.
package struct PersistentRequest: Sendable, Codable, Equatable, ReadableBody {
    package var persistent: Bool

    package init(persistent: Bool) { self.persistent = persistent }

    package init(from fields: inout FieldReader) { self.init(persistent: fields.bool("persistent")) }
}

/// `POST /api/runpod/pods/{instance_id}/setup-progress`.
package struct SetupProgressRequest: Sendable, Codable, Equatable, ReadableBody {
    package var phase: String
    package var message: String
    package var error: String?
    package var hostIP: String?

    package init(phase: String, message: String = "", error: String? = nil, hostIP: String? = nil) {
        self.phase = phase
        self.message = message
        self.error = error
        self.hostIP = hostIP
    }

    package init(from fields: inout FieldReader) {
        self.init(
            phase: fields.string("phase"), message: fields.optionalString("message") ?? "",
            error: fields.optionalString("error"), hostIP: fields.optionalString("host_ip"))
    }

    /// A report is a line for people; its log comes elsewhere.
    package var isWithinLimits: Bool { self.message.utf8.count <= 20_000 && (self.error?.utf8.count ?? 0) <= 20_000 }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            phase: try container.decode(String.self, forKey: .phase),
            message: try container.decodeIfPresent(String.self, forKey: .message) ?? "",
            error: try container.decodeIfPresent(String.self, forKey: .error),
            hostIP: try container.decodeIfPresent(String.self, forKey: .hostIP))
    }

    enum CodingKeys: String, CodingKey {
        case phase, message, error
        case hostIP = "host_ip"
    }
}

/// `POST /api/runpod/pods/{instance_id}/request-termination`: a pod wants to be ended.
package struct EndPodRequest: Sendable, Codable, Equatable, ReadableBody {
    /// Why, for people.
    package var reason: String
    /// Something went wrong in it.
    package var failed: Bool

    package init(reason: String, failed: Bool) {
        self.reason = reason
        self.failed = failed
    }

    package init(from fields: inout FieldReader) {
        self.init(
            reason: fields.optionalString("reason") ?? "", failed: fields.bool("failed", default: false))
    }

    package var isWithinLimits: Bool { self.reason.utf8.count <= 20_000 }
}

package struct TerminatedResponse: Sendable, Codable, Equatable {
    package var terminatedCount: Int
    package var message: String

    package init(terminatedCount: Int, message: String) {
        self.terminatedCount = terminatedCount
        self.message = message
    }

    enum CodingKeys: String, CodingKey {
        case message
        case terminatedCount = "terminated_count"
    }
}

package struct RemovedResponse: Sendable, Codable, Equatable {
    package var removed: Int
    package var message: String

    package init(removed: Int, message: String) {
        self.removed = removed
        self.message = message
    }
}

/// `{"status": "ok"}`.
package struct OKResponse: Sendable, Codable, Equatable {
    package var status: String

    package init() { self.status = "ok" }
}

/// `GET /api/runpod/gpu-types`.
package struct GPUTypesResponse: Sendable, Codable, Equatable {
    package struct GPU: Sendable, Codable, Equatable {
        package var id: String
        package var displayName: String
        @Null package var memoryGB: Int?
        /// The lowest price in US dollars an hour.
        @Null package var priceHr: Double?

        package init(id: String, displayName: String, memoryGB: Int?, price: Money?) {
            self.id = id
            self.displayName = displayName
            self._memoryGB = Null(wrappedValue: memoryGB)
            self._priceHr = Null(wrappedValue: price?.dollars)
        }

        enum CodingKeys: String, CodingKey {
            case id
            case displayName = "display_name"
            case memoryGB = "memory_gb"
            case priceHr = "price_hr"
        }
    }

    package var gpuTypes: [GPU]
    /// `api`, or `fallback` when the provider was not asked or did not answer.
    package var source: String

    package init(_ gpuTypes: [GPU], source: String) {
        self.gpuTypes = gpuTypes
        self.source = source
    }

    enum CodingKeys: String, CodingKey {
        case source
        case gpuTypes = "gpu_types"
    }
}
