import CastAPI
import CastCore
import CastStore
import Foundation
import HTTPTypes
import Hummingbird
import PodFleet

/// GPU pods: `/api/runpod`.
struct FleetRoutes: Sendable {
    let parts: ServerParts

    func add(to router: Router<AppContext>) {
        let fleet = router.group("/api/runpod")
        fleet.get("status", use: self.status)
        fleet.post("pods", use: self.create)
        fleet.delete("pods", use: self.terminateAll)
        fleet.delete("pods/:pod_id", use: self.terminate)
        fleet.get("pods/:pod_id/setup-status", use: self.setupStatus)
        fleet.post("pods/:pod_id/setup-progress", use: self.setupProgress)
        fleet.patch("pods/:pod_id/persistent", use: self.setPersistent)
        fleet.post("pods/cleanup-states", use: self.forgetFailed)
        fleet.delete("setup-states/:instance_id", use: self.forget)
        fleet.post("setup-states/cleanup-orphaned", use: self.forgetFailed)
        fleet.post("nodes/cleanup-orphaned", use: self.removeOrphanedNodes)
        fleet.get("gpu-types", use: self.gpuTypes)
        fleet.post("gpu-types/refresh", use: self.refreshGPUTypes)
        fleet.get("events", use: self.events)
        fleet.get("runs", use: self.runs)
        fleet.get("costs", use: self.costs)
    }

    private func fleet() throws -> FleetController { try self.parts.configuredFleet() }

    // MARK: Looking

    @Sendable func status(request: Request, context: AppContext) async throws -> FleetStatusResponse {
        let settings = self.parts.configuration.fleet
        guard let fleet = self.parts.fleet else {
            return FleetStatusResponse(
                available: false, enabled: settings.isEnabled, canCreate: false, canCreateReason: "",
                maxPods: settings.maxPods, activePods: [], setupStates: [], autoScaleEnabled: settings.isAutoScaling,
                scaleThreshold: settings.scaleThreshold, spending: [], trouble: nil, hold: nil)
        }
        let status = try await fleet.status()
        let names = Dictionary(
            status.pods.compactMap { pod in pod.rental.map { ($0.pod, $0.gpuName) } }
        ) { first, _ in first }
        return FleetStatusResponse(
            available: true, enabled: settings.isEnabled, canCreate: status.obstacle == nil,
            canCreateReason: status.obstacle ?? "", maxPods: settings.maxPods,
            activePods: (status.listed ?? []).map { pod in
                FleetStatusResponse.ActivePod(pod, gpu: names[pod.id] ?? pod.gpu?.rawValue ?? "")
            },
            setupStates: status.pods.reversed().map { self.message($0, status.runs[$0.instance]) },
            autoScaleEnabled: settings.isAutoScaling, scaleThreshold: settings.scaleThreshold,
            spending: status.money.map { money in
                FleetStatusResponse.Spending(
                    period: "\(money.kind)", cap: money.cap, spent: money.spent, reserved: money.reserved)
            },
            trouble: status.trouble, hold: status.hold, uplink: UplinkMessage(status.uplink))
    }

    private func message(_ pod: Pod, _ run: PodRun?) -> SetupStateMessage {
        SetupStateMessage(pod, run, cost: run?.money(at: self.parts.now()))
    }

    @Sendable func setupStatus(request: Request, context: AppContext) async throws -> SetupStateMessage {
        let name = context.parameters.get("pod_id") ?? ""
        let status = try await self.fleet().status()
        guard let pod = status.pods.first(where: { $0.instance.text == name }) else {
            throw CastError(.notFound, "No setup state found for instance \(name.prefix(64))")
        }
        return self.message(pod, status.runs[pod.instance])
    }

    @Sendable func events(request: Request, context: AppContext) async throws -> FleetEventsResponse {
        let (limit, before) = try together(
            Result { try request.queryInt("limit", default: 100, in: 1...1000) },
            Result { try request.queryInt("before", default: .max, in: 1...Int.max) })
        let instance = try request.queryString("instance_id").map(Self.instance)
        let events = try await self.parts.database.fleet.events(of: instance, before: Int64(before), limit: limit)
        return FleetEventsResponse(events.map(FleetEventMessage.init))
    }

    /// The ledger of the last days, and what it comes to.
    @Sendable func runs(request: Request, context: AppContext) async throws -> PodRunsResponse {
        let days = try request.queryInt("days", default: 30, in: 1...3650)
        let now = self.parts.now()
        let runs = try await self.parts.database.fleet.runs(from: now - Double(days) * 86_400, to: now + 1)
        return PodRunsResponse(runs.map { PodRunMessage($0, cost: $0.money(at: now)) })
    }

    /// The same money by day, GPU, feed and episode.
    @Sendable func costs(request: Request, context: AppContext) async throws -> PodCostsResponse {
        let days = try request.queryInt("days", default: 30, in: 1...3650)
        let now = self.parts.now()
        let start = now - Double(days) * 86_400
        let runs = try await self.parts.database.fleet.runs(from: start, to: now + 1)
        let work = try await self.parts.database.fleet.work(from: start, to: now + 1)
        return PodCostsResponse(FleetCosts(runs, work: work, at: now))
    }

    // MARK: Doing

    @Sendable func create(request: Request, context: AppContext) async throws -> CreatePodResponse {
        let body = try await request.readIfAny(CreatePodRequest.self, context: context) ?? CreatePodRequest()
        let instance = try await self.fleet().start(persistent: body.persistent)
        return CreatePodResponse(
            instanceID: instance.text,
            message:
                "Pod \(instance) is being created. It works in some minutes; its setup status says where it stands.")
    }

    @Sendable func terminateAll(request: Request, context: AppContext) async throws -> TerminatedResponse {
        let count = try await self.fleet().stopAll()
        return TerminatedResponse(
            terminatedCount: count,
            message: "Terminating \(count) pods; each one bills until the provider says that it is gone.")
    }

    @Sendable func terminate(request: Request, context: AppContext) async throws -> TerminatedResponse {
        let name = context.parameters.get("pod_id") ?? ""
        let instance = try await self.fleet().stop(pod: name)
        return TerminatedResponse(terminatedCount: 1, message: "Terminating pod \(instance).")
    }

    @Sendable func setPersistent(request: Request, context: AppContext) async throws -> MessageResponse {
        let body = try await request.read(PersistentRequest.self, context: context)
        let instance = try Self.instance(context.parameters.get("pod_id") ?? "")
        try await self.fleet().setPersistent(instance, body.persistent)
        return MessageResponse(
            body.persistent
                ? "Pod \(instance) stays when it is idle; its maximum lifetime holds."
                : "Pod \(instance) leaves when it is idle.")
    }

    /// What a pod says of its own setup; needs no configured provider, only the pod's token.
    @Sendable func setupProgress(request: Request, context: AppContext) async throws -> OKResponse {
        let data = try await request.readJSON(context: context)
        _ = try FieldReader.object(in: data)
        guard let token = request.headers[.setupToken], !token.isEmpty else {
            throw CastError(.unauthorized, "Missing X-Setup-Token header")
        }
        let body = try FieldReader.decode(SetupProgressRequest.self, from: data)
        guard let phase = SetupReport.Phase(rawValue: body.phase) else {
            let valid = SetupReport.Phase.allCases.map(\.rawValue).joined(separator: ", ")
            throw CastError(.invalid, "“\(body.phase.prefix(40))” is not a phase. Valid: \(valid).")
        }
        let name = context.parameters.get("pod_id") ?? ""
        guard let instance = InstanceID(name), let fleet = self.parts.fleet else {
            throw CastError(.notFound, "No setup state found for instance \(name.prefix(64))")
        }
        try await fleet.setupProgress(
            instance, token: token,
            SetupReport(phase: phase, message: body.message, error: body.error, hostIP: body.hostIP))
        return OKResponse()
    }

    @Sendable func forget(request: Request, context: AppContext) async throws -> MessageResponse {
        let instance = try Self.instance(context.parameters.get("instance_id") ?? "")
        try await self.fleet().forget(instance)
        self.parts.podLogs.remove(instance)
        return MessageResponse("Setup state \(instance) deleted")
    }

    @Sendable func forgetFailed(request: Request, context: AppContext) async throws -> RemovedResponse {
        let forgotten = try await self.fleet().forgetFailed()
        for instance in forgotten { self.parts.podLogs.remove(instance) }
        return RemovedResponse(
            removed: forgotten.count, message: "Removed \(forgotten.count) setup states of failed pods that are gone")
    }

    @Sendable func removeOrphanedNodes(request: Request, context: AppContext) async throws -> RemovedResponse {
        let count = try await self.fleet().removeOrphanedNodes()
        return RemovedResponse(removed: count, message: "Removed \(count) nodes without a pod")
    }

    private static func instance(_ text: String) throws -> InstanceID {
        guard let instance = InstanceID(text) else { throw CastError(.notFound, "Pod \(text.prefix(64)) not found") }
        return instance
    }

    // MARK: GPUs

    @Sendable func gpuTypes(request: Request, context: AppContext) async throws -> GPUTypesResponse {
        guard let fleet = self.parts.fleet, let offers = await Self.offers(fleet, self.parts.configuration.fleet)
        else { return Self.fallback }
        return GPUTypesResponse(offers, source: "api")
    }

    @Sendable func refreshGPUTypes(request: Request, context: AppContext) async throws -> GPUTypesResponse {
        let settings = self.parts.configuration.fleet
        guard let offers = await Self.offers(try self.fleet(), settings) else { return Self.fallback }
        return GPUTypesResponse(offers, source: "api")
    }

    /// Those that the settings allow, the cheapest first; nil when the provider does not answer.
    private static func offers(_ fleet: FleetController, _ settings: FleetSettings) async -> [GPUTypesResponse.GPU]? {
        guard let offers = await fleet.offers(settings) else { return nil }
        let types = offers.map { offer in
            let price = offer.terms.values.compactMap(\.pricePerHour).min()
            return GPUTypesResponse.GPU(
                id: offer.id.rawValue, displayName: offer.displayName, memoryGB: offer.memoryGB, price: price)
        }
        return types.sorted { left, right in
            let prices = (left.priceHr ?? .infinity, right.priceHr ?? .infinity)
            return prices.0 != prices.1 ? prices.0 < prices.1 : left.id < right.id
        }
    }

    /// The well-known list, for a choice before there is a key.
    private static let fallback = GPUTypesResponse(
        [
            ("NVIDIA RTX A5000", "RTX A5000", 24), ("NVIDIA RTX A4000", "RTX A4000", 16),
            ("NVIDIA GeForce RTX 3090", "RTX 3090", 24), ("NVIDIA RTX A6000", "RTX A6000", 48),
            ("NVIDIA L40", "L40", 48),
        ].map { GPUTypesResponse.GPU(id: $0.0, displayName: $0.1, memoryGB: $0.2, price: nil) }, source: "fallback")
}

extension ServerParts {
    /// - Throws: `.unavailable` that names the variable that is missing.
    func configuredFleet() throws -> FleetController {
        guard let fleet = self.fleet else {
            throw CastError(.unavailable, "RunPod not configured. Set RUNPOD_API_KEY environment variable.")
        }
        return fleet
    }
}

extension FleetStatusResponse: ResponseEncodable {}
extension SetupStateMessage: ResponseEncodable {}
extension CreatePodResponse: ResponseEncodable {}
extension TerminatedResponse: ResponseEncodable {}
extension RemovedResponse: ResponseEncodable {}
extension OKResponse: ResponseEncodable {}
extension GPUTypesResponse: ResponseEncodable {}
extension FleetEventsResponse: ResponseEncodable {}
extension PodRunsResponse: ResponseEncodable {}
extension PodCostsResponse: ResponseEncodable {}
