package import CastCore
import Foundation

/// What a pod of ours is made of.
package enum PodOrder {
    /// The request for a pod.
    ///
    /// Its environment carries whose it is, what it has to do and how it calls home. No key to the account is in it:
    /// only the one-time setup token, and the name of the provider's secret that joins it to the tailnet.
    package static func request(
        for pod: Pod, _ ask: Ask, server: String, address: ServerAddress, settings: FleetSettings
    ) -> PodRequest {
        var environment: PodEnvironment = [
            SweepPolicy.serverVariable: server,
            "INSTANCE_ID": pod.instance.text,
            "SETUP_TOKEN": pod.setupToken,
            "NODE_NAME": pod.instance.nodeName,
            "CAST2MD_SERVER": address.url,
            "SERVER_URL": address.url,
            "TS_HOSTNAME": pod.instance.tailscaleHostname,
            "TS_AUTH_KEY": "{{ RUNPOD_SECRET_ts_auth_key }}",
            "TRANSCRIPTION_BACKEND": Backend(model: pod.model).rawValue,
            "WHISPER_MODEL": pod.model,
            "NODE_IDLE_TIMEOUT_MINUTES": String(settings.idleTimeoutMinutes),
            "NODE_PERSISTENT": pod.isPersistent ? "1" : "0",
            "NODE_MAX_CONSECUTIVE_FAILURES": "3",
            // For the watchdog in the pod: it ends the pod then, whether or not the server is there.
            "CAST2MD_POD_LEAVE_AT": String(Int(ask.stay.leaveAt.timeIntervalSince1970)),
        ]
        if let ip = address.ip { environment["SERVER_IP"] = ip }
        if let worker = settings.worker {
            environment["CAST2MD_WORKER_URL"] = worker.url
            environment["CAST2MD_WORKER_SHA256"] = worker.digest
        }
        if settings.startCommand == nil { environment["CAST2MD_START_SHA256"] = StartScript.digest }
        let start = settings.startCommand ?? StartScript.command
        return PodRequest(
            name: pod.name, image: settings.image, gpu: ask.candidate.gpu, cloud: ask.candidate.cloud,
            diskGB: settings.diskGB, ports: ["22/tcp"], environment: environment,
            entrypoint: start.entrypoint, command: start.command,
            dataCentres: ask.candidate.dataCentres, minimumCUDA: settings.minimumCUDA)
    }

    /// Whether a text is an address that a pod can be told.
    package static func isAddress(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        if parts.count == 4 {
            return parts.allSatisfy {
                (1...3).contains($0.utf8.count) && $0.utf8.allSatisfy { (48...57).contains($0) } && UInt8($0) != nil
            }
        }
        let groups = text.split(separator: ":", omittingEmptySubsequences: false)
        return (3...8).contains(groups.count) && (groups.count == 8 || text.contains("::"))
            && groups.allSatisfy { $0.utf8.count <= 4 && $0.allSatisfy { $0.isHexDigit && $0.isASCII } }
    }
}
