import CastCore

extension ProviderPod {
    /// Reads a pod; nil when there is not even an id.
    ///
    /// - Parameter name: Stands in where the answer has no name.
    init?(_ value: JSONValue, name standIn: String = "") {
        guard let pod = WireObject(value), let id = pod.name("id") else { return nil }
        let runtime = pod.object("runtime")
        self.init(
            id: PodID(id), name: pod.name("name") ?? standIn, status: Status(wireName: pod.string("status") ?? ""),
            gpu: pod.object("gpu")?.name("id").map { GPUID($0) },
            cloud: pod.string("cloud").flatMap(Cloud.init(wireName:)),
            pricePerHour: pod.money("cost"), dataCentre: pod.name("dataCenterId").map { DataCentreID($0) },
            hostCUDA: pod.string("cudaVersion").flatMap { CUDAVersion($0) },
            uptime: runtime?.number("uptime").flatMap(Self.seconds), createdAt: pod.date("createdAt"),
            startedAt: pod.date("startedAt"),
            environment: PodEnvironment(Self.environment(pod.fields["env"])))
    }

    private static func seconds(_ number: Double) -> Duration? {
        number.isFinite && abs(number) < 1e10 ? .seconds(max(0, number)) : nil
    }

    /// A map in REST v2; `["K=V"]` in older answers.
    private static func environment(_ value: JSONValue?) -> [String: String] {
        switch value {
        case .object(let fields):
            let object = WireObject(fields)
            return Dictionary(
                uniqueKeysWithValues: fields.keys.compactMap { key in object.string(key).map { (key, $0) } })
        case .array(let entries):
            let pairs = entries.compactMap { entry -> (String, String)? in
                guard case .string(let text) = entry, let sign = text.firstIndex(of: "=") else { return nil }
                return (String(text[..<sign]), String(text[text.index(after: sign)...]))
            }
            return Dictionary(pairs) { _, last in last }
        case .null, .bool, .int, .double, .string, nil:
            return [:]
        }
    }
}

extension ProviderPod.Status {
    init(wireName: String) {
        switch wireName.uppercased() {
        case "PROVISIONING", "CREATED": self = .provisioning
        case "STARTING", "RESTARTING": self = .starting
        case "RUNNING": self = .running
        case "EXITED", "STOPPED", "PAUSED": self = .stopped
        case "ERROR", "DEAD": self = .failed
        case "TERMINATED": self = .terminated
        default: self = .unknown
        }
    }
}
