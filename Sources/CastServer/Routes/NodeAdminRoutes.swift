import CastAPI
import CastCore
import CastStore
import Foundation
import HTTPTypes
import Hummingbird
import Logging

/// What a person does with nodes.
struct NodeAdminRoutes: Sendable {
    let parts: ServerParts

    func add(to router: Router<AppContext>) {
        let nodes = router.group("/api/nodes")
        nodes.get(use: self.list)
        nodes.post(use: self.addNode)
        nodes.get("stale", use: self.stale)
        nodes.delete("stale", use: self.deleteStale)
        nodes.delete(":node_id", use: self.delete)
        nodes.post(":node_id/test", use: self.test)
    }

    @Sendable func list(request: Request, context: AppContext) async throws -> NodeListResponse {
        NodeListResponse(
            try await self.parts.database.nodes.list().map { node in
                let word = self.parts.stages.word(of: node.id)
                return NodeSummary(
                    id: node.id, name: node.name, url: node.url, whisperModel: node.model,
                    whisperBackend: node.backend, status: self.parts.status(of: node).rawValue,
                    lastHeartbeat: WireDate(node.lastHeartbeatAt), currentJobID: node.currentJobID,
                    priority: node.priority, stages: word?.reports, slowestStage: word?.slowest)
            })
    }

    @Sendable func addNode(request: Request, context: AppContext) async throws -> RegisterNodeResponse {
        let body = try await request.read(RegisterNodeRequest.self, context: context)
        var response = try await NodeRoutes.register(body, parts: self.parts).response
        response.message = "Node '\(body.name)' added successfully"
        return response
    }

    @Sendable func delete(request: Request, context: AppContext) async throws -> MessageResponse {
        let id = NodeID(context.parameters.get("node_id") ?? "")
        guard try await self.parts.database.nodes.remove([id], at: self.parts.now()) == 1 else {
            throw CastError(.notFound, "Node not found")
        }
        return MessageResponse("Node deleted")
    }

    @Sendable func test(request: Request, context: AppContext) async throws -> MessageResponse {
        let node = try await self.parts.database.nodes.get(NodeID(context.parameters.get("node_id") ?? ""))
        do {
            let status = try await self.parts.podcasts.probe("\(node.url)/status")
            return MessageResponse(
                status == 200 ? "Node '\(node.name)' is reachable" : "Node returned status \(status)")
        } catch {
            return MessageResponse("Failed to reach node: \((error as? CastError)?.message ?? "\(error)")")
        }
    }

    @Sendable func stale(request: Request, context: AppContext) async throws -> StaleNodesResponse {
        let hours = try request.queryInt("offline_hours", default: 24, in: 0...87_600)
        let now = self.parts.now()
        return StaleNodesResponse(
            thresholdHours: hours,
            nodes: try await self.staleNodes(hours: hours).map { node in
                StaleNodesResponse.Node(
                    id: node.id, name: node.name, lastHeartbeat: WireDate(node.lastHeartbeatAt),
                    offlineHours: node.lastHeartbeatAt.map { (now.timeIntervalSince($0) / 360).rounded() / 10 })
            })
    }

    @Sendable func deleteStale(request: Request, context: AppContext) async throws -> DeletedNodesResponse {
        let hours = try request.queryInt("offline_hours", default: 24, in: 0...87_600)
        let nodes = try await self.staleNodes(hours: hours)
        let count = try await self.parts.database.nodes.remove(nodes.map(\.id), at: self.parts.now())
        return DeletedNodesResponse(deletedCount: count, message: "Deleted \(count) stale nodes")
    }

    /// Offline nodes that were last heard so long ago; those never heard come first.
    private func staleNodes(hours: Int) async throws -> [Node] {
        let limit = self.parts.now() - Double(hours) * 3600
        return try await self.parts.database.nodes.list()
            .filter { self.parts.status(of: $0) == .offline && ($0.lastHeartbeatAt ?? $0.createdAt) < limit }
            .sorted { ($0.lastHeartbeatAt ?? .distantPast) < ($1.lastHeartbeatAt ?? .distantPast) }
    }
}
