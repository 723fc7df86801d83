import CastCore
import Foundation

/// The whole environment of a pod's process.
struct PodVariables {
    let values: [String: String]

    init(_ pod: PodRecord, secrets: [PodWorld.Secret], image: [String: String] = [:], base: String? = nil) {
        var values = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin",
            "HOME": pod.directory.path,
        ]
        values.merge(image) { $1 }
        let injected = [
            "RUNPOD_DC_ID": pod.dataCentre, "RUNPOD_POD_HOSTNAME": "\(pod.id)-64410000",
            "RUNPOD_GPU_COUNT": "1", "RUNPOD_CPU_COUNT": "9", "RUNPOD_PUBLIC_IP": "127.0.0.1",
            "RUNPOD_API_KEY": pod.key,
        ]
        values.merge(injected) { $1 }
        // The one thing that RunPod does not set: there its address is the usual one, and this must not end pods there.
        values["RUNPOD_API_BASE_URL"] = base
        // Names only: nothing is forwarded, since a process here listens on this machine's own ports.
        for port in pod.body.ports where port.hasSuffix("/tcp") {
            values["RUNPOD_TCP_PORT_\(port.dropLast(4))"] = String(port.dropLast(4))
        }
        for (name, value) in pod.body.env { values[name] = Self.substitute(value, secrets) }
        // Not to be replaced: it is how the pod's processes are found again.
        values[PodProcesses.marker] = pod.id
        self.values = values
    }

    /// Puts secrets where `{{ RUNPOD_SECRET_name }}` stands; a name that is not known stays as it is.
    static func substitute(_ text: String, _ secrets: [PodWorld.Secret]) -> String {
        text.replacing(/\{\{\s*RUNPOD_SECRET_([A-Za-z0-9_.\-\/]+)\s*\}\}/) { match in
            secrets.first { $0.name == match.1 }?.value ?? String(match.0)
        }
    }
}
