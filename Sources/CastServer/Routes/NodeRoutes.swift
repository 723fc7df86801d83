import CastAPI
import CastCore
import CastStore
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import PodFleet

/// What a node says of itself: registration, heartbeat, claim, leaving.
struct NodeRoutes: Sendable {
    let parts: ServerParts

    func add(to router: Router<AppContext>) {
        let nodes = router.group("/api/nodes")
        nodes.post("register", use: self.register)
        nodes.post(":node_id/heartbeat", use: self.heartbeat)
        nodes.post(":node_id/claim", use: self.claim)
        nodes.post(":node_id/claim-embed", use: self.claimEmbedding)
        nodes.post(":node_id/request-termination", use: self.requestTermination)
    }

    @Sendable func register(request: Request, context: AppContext) async throws -> RegisterNodeResponse {
        let body = try await request.read(RegisterNodeRequest.self, context: context)
        let (response, isReused) = try await Self.register(body, parts: self.parts)
        return RegisterNodeResponse(
            nodeID: response.nodeID, apiKey: response.apiKey,
            message: isReused
                ? "Node '\(body.name)' re-registered (reused existing entry)"
                : "Node '\(body.name)' registered successfully")
    }

    /// Registers a node; also for the admin's own route.
    static func register(
        _ body: RegisterNodeRequest, parts: ServerParts
    ) async throws -> (response: RegisterNodeResponse, isReused: Bool) {
        let key = Secrets.key()
        let (node, isReused) = try await parts.database.nodes.register(
            NodeStore.Draft(
                name: body.name, url: body.url, model: body.whisperModel, backend: body.whisperBackend,
                priority: body.priority ?? 10),
            newID: NodeID(UUID().uuidString.lowercased()), key: key,
            heartbeatTimeout: parts.configuration.heartbeatTimeout, at: parts.now())
        parts.logger.info(
            "node registered",
            metadata: ["node.id": "\(node.id)", "node.name": "\(node.name)", "reused": "\(isReused)"])
        // A pod whose worker has called home is ready.
        if InstanceID(nodeName: node.name) != nil { parts.fleet?.wake() }
        return (RegisterNodeResponse(nodeID: node.id, apiKey: key, message: ""), isReused)
    }

    @Sendable func heartbeat(request: Request, context: AppContext) async throws -> HeartbeatResponse {
        let (key, body) = try await Self.read(HeartbeatRequest.self, request, context)
        let node = try await self.authenticate(context, key: key)
        let lost = try await self.parts.database.nodes.heartbeat(
            node.id,
            NodeStore.Heartbeat(
                name: body.name, model: body.whisperModel, backend: body.whisperBackend,
                currentJobID: body.currentJobID, claimedJobIDs: body.claimedJobIDs),
            beingFetched: self.parts.audioReaders.jobs, leaseUntil: self.parts.leaseEnd, at: self.parts.now())
        if let stages = body.stages { self.parts.stages.note(stages, of: node.id, at: self.parts.now()) }
        return HeartbeatResponse(lostJobIDs: lost.isEmpty ? nil : lost)
    }

    @Sendable func claim(request: Request, context: AppContext) async throws -> ClaimResponse {
        let node = try await self.authenticate(context, key: try Self.key(of: request))
        let claim = try await self.parts.database.jobs.claim(
            .transcribe, by: node.id, model: node.model, attempt: UUID().uuidString.lowercased(),
            until: self.parts.leaseEnd,
            at: self.parts.now())
        guard let claim else { return ClaimResponse() }
        try await self.parts.database.nodes.noteCall(node.id, at: self.parts.now())
        context.logger.info(
            "job claimed",
            metadata: [
                "job.id": "\(claim.job.id)", "node.name": "\(node.name)", "attempt": "\(claim.job.attempts)",
            ])
        let source = AudioOffer.source(of: claim, for: node, self.parts.configuration)
        self.parts.uplink.took(claim.episode, by: node, isOffered: source != nil)
        return ClaimResponse(
            jobID: claim.job.id, episodeID: claim.episode.id, episodeTitle: claim.episode.title,
            audioURL: claim.episode.audioPath == nil ? "" : "/api/nodes/jobs/\(claim.job.id)/audio",
            attempt: claim.attempt, language: claim.language, audioSize: claim.episode.audioSize,
            audioDuration: claim.episode.duration, source: source)
    }

    /// Embedding jobs are not made here: the answer is always that there is none, which nodes of the existing server
    /// take as it is.
    @Sendable func claimEmbedding(request: Request, context: AppContext) async throws -> Response {
        _ = try await self.authenticate(context, key: try Self.key(of: request))
        let body = #"{"job_id":null,"episode_id":null,"episode_title":null,"transcript_url":null,"has_job":false}"#
        return Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
    }

    @Sendable func requestTermination(request: Request, context: AppContext) async throws -> TerminationResponse {
        let node = try await self.authenticate(context, key: try Self.key(of: request))
        guard let fleet = self.parts.fleet else {
            let released = try await self.release(node, context)
            return InstanceID(nodeName: node.name) == nil
                ? Self.ignored(node)
                : TerminationResponse(
                    status: "unavailable", message: "RunPod not configured; \(released) jobs went back to the queue",
                    terminated: false)
        }
        switch try await fleet.requestTermination(node: node.id, name: node.name) {
        case .ignored:
            _ = try await self.release(node, context)
            return Self.ignored(node)
        case .unknown:
            _ = try await self.release(node, context)
            return TerminationResponse(
                status: "failed", message: "No pod of this server has the worker '\(node.name)'", terminated: false)
        case .accepted(let instance):
            // Jobs, pod and registration follow in this order, again and again until all of it is true.
            context.logger.info("pod leaves", metadata: ["pod.instance": "\(instance)"])
            return TerminationResponse(status: "ok", message: "Pod \(instance) is being terminated", terminated: true)
        }
    }

    /// A node that leaves gives back what it holds, pod or not.
    private func release(_ node: Node, _ context: AppContext) async throws -> Int {
        let released = try await self.parts.database.jobs.interruptAll(of: node.id, at: self.parts.now())
        context.logger.info(
            "node leaves", metadata: ["node.name": "\(node.name)", "jobs.released": "\(released)"])
        return released
    }

    private static func ignored(_ node: Node) -> TerminationResponse {
        TerminationResponse(
            status: "ignored", message: "Node '\(node.name)' is not a RunPod pod", terminated: false)
    }

    private func authenticate(_ context: AppContext, key: String) async throws -> Node {
        try await self.parts.database.nodes.authenticate(NodeID(context.parameters.get("node_id") ?? ""), key: key)
    }

    /// Reads key and body in the existing server's order: what is no JSON comes first, then a missing key, then the form.
    static func read<Body: ReadableBody>(
        _ type: Body.Type, _ request: Request, _ context: AppContext
    ) async throws -> (key: String, body: Body) {
        let body: Result<Body, any Error>
        do {
            let data = try await request.readJSON(context: context, limit: Body.maximumBytes)
            body = Result { try FieldReader.decode(type, from: data) }
        } catch let failure as ValidationFailure {
            body = .failure(failure)
        }
        if case .failure(let failure as ValidationFailure) = body, failure.faults.contains(where: \.isBrokenJSON) {
            throw failure
        }
        return (try Self.key(of: request), try body.get())
    }

    static func key(of request: Request) throws -> String {
        guard let key = request.headers[.transcriberKey], !key.isEmpty else {
            throw CastError(.unauthorized, "Missing X-Transcriber-Key header")
        }
        return key
    }
}
