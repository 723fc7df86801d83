import CastAPI
import CastCore
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import PodFleet

/// What a pod itself asks for, with its setup token, and what it said: `/api/runpod/pods/{instance}`.
struct PodCallRoutes: Sendable {
    let parts: ServerParts

    func add(to router: Router<AppContext>) {
        let pods = router.group("/api/runpod/pods")
        pods.post(":pod_id/request-termination", use: self.requestTermination)
        pods.post(":pod_id/logs", use: self.takeLog)
        pods.get(":pod_id/logs", use: self.log)
    }

    /// A pod asks for its own end, as its watchdog does; its jobs go back first.
    @Sendable func requestTermination(request: Request, context: AppContext) async throws -> TerminationResponse {
        let body =
            try await request.readIfAny(EndPodRequest.self, context: context)
            ?? EndPodRequest(reason: "", failed: false)
        let (fleet, instance, token) = try self.speaker(request, context)
        try await fleet.requestTermination(instance, token: token, reason: body.reason, isFailure: body.failed)
        return TerminationResponse(status: "ok", message: "Pod \(instance) is being terminated", terminated: true)
    }

    /// Lines of a pod's log: JSON, or plain text as a program wrote it.
    @Sendable func takeLog(request: Request, context: AppContext) async throws -> OKResponse {
        let (fleet, instance, token) = try self.speaker(request, context)
        let pod = try await fleet.pod(instance, token: token)
        let (text, source) = try await Self.text(of: request, context)
        let lines = PodLogEntry.lines(of: text, source: source, at: self.parts.now())
        try self.parts.podLogs.add(lines, of: instance, since: pod.plannedAt)
        return OKResponse()
    }

    private static func text(of request: Request, _ context: AppContext) async throws -> (text: String, source: String)
    {
        guard request.headers[.contentType]?.lowercased().hasPrefix("text/plain") == true else {
            let body = try await request.read(PodLogRequest.self, context: context)
            return (body.lines.joined(separator: "\n"), body.source)
        }
        let limit = PodLogRequest.maximumBytes
        do {
            let bytes = try await request.body.collect(upTo: limit)
            return (String(decoding: bytes.readableBytesView, as: UTF8.self), request.queryString("source") ?? "")
        } catch is NIOTooManyBytesError {
            throw CastError(.tooLarge, "The body is larger than \(limit) bytes, which is the most for this request.")
        }
    }

    /// What is kept of a pod's log, whether or not the pod is still there.
    @Sendable func log(request: Request, context: AppContext) async throws -> PodLogResponse {
        let count = try request.queryInt("lines", default: 200, in: 1...10_000)
        let name = context.parameters.get("pod_id") ?? ""
        guard let instance = InstanceID(name), self.parts.podLogs.holds(instance) else {
            throw CastError(.notFound, "Nothing is kept of what the pod \(name.prefix(64)) said.")
        }
        return PodLogResponse(instanceID: instance.text, lines: self.parts.podLogs.last(count, of: instance))
    }

    /// Which pod speaks, and with which token; whether it is the right one is for the fleet to say.
    private func speaker(
        _ request: Request, _ context: AppContext
    ) throws -> (fleet: FleetController, instance: InstanceID, token: String) {
        guard let token = request.headers[.setupToken], !token.isEmpty else {
            throw CastError(.unauthorized, "Missing X-Setup-Token header")
        }
        let name = context.parameters.get("pod_id") ?? ""
        guard let instance = InstanceID(name), let fleet = self.parts.fleet else {
            throw CastError(.notFound, "No setup state found for instance \(name.prefix(64))")
        }
        return (fleet, instance, token)
    }
}

extension PodLogResponse: ResponseEncodable {}
