import CastCore
import CastStore
import Foundation
import HTTPTypes
import Hummingbird
import PodFleet

/// The page of the GPU pods, and the forms on it.
extension PageRoutes {
    static let podsPath = "/settings/runpod"
    private static let eventsShown = 30
    private static let eventsSearched = 300

    func addPods(to router: Router<AppContext>) {
        let runpod = router.group("/settings/runpod")
        runpod.get(use: self.pods)
        runpod.post(use: self.savePodSettings)
        runpod.post("reset", use: self.resetPodSetting)
        runpod.post("enabled", use: self.switchPods)
        runpod.post("pods", use: self.createPod)
        runpod.get("end", use: self.askToEndAll)
        runpod.post("end", use: self.endAll)
        runpod.get("pods/:instance/end", use: self.askToEnd)
        runpod.post("pods/:instance/end", use: self.endPod)
        runpod.post("pods/:instance/persistent", use: self.setPersistent)
        self.addPodModels(to: runpod)
    }

    // MARK: The page

    @Sendable func pods(request: Request, context: AppContext) async throws -> HTML {
        let fields = request.fields
        var view = try await self.podsView(
            self.settingRows(SettingCatalog.fleet, saved: Self.saved(fields)), notice: fields["notice"])
        view.problem = fields["problem"]
        return HTML(self.pages.pods(view, now: self.parts.now()))
    }

    func podsView(_ rows: [SettingsView.Row], notice: String? = nil) async throws -> PodsView {
        let configuration = self.parts.configuration
        let fleet = configuration.fleet
        let isSwitch = { (row: SettingsView.Row) in row.setting.name == FleetSetting.enabled.rawValue }
        let events = try await self.parts.database.fleet.events(of: nil, before: nil, limit: Self.eventsSearched)
        let yesterday = self.parts.now() - 86_400
        let status = try await self.parts.fleet?.status()
        var view = PodsView(
            settings: fleet, status: status,
            hasAddress: configuration.fleetIsLocal || fleet.serverIP != nil,
            events: Array(events.prefix(Self.eventsShown)),
            alarms: events.filter { $0.kind == .alarm && $0.at > yesterday },
            models: try await self.parts.database.podModels.list(),
            rows: rows.filter { !isSwitch($0) }, enabled: rows.first(where: isSwitch), notice: notice)
        for pod in status?.pods ?? [] where pod.ending?.isFailure == true {
            view.lastLines[pod.instance] = self.parts.podLogs.last(20, of: pod.instance).map {
                "\($0.source): \($0.text)"
            }
        }
        return view
    }

    // MARK: Settings

    @Sendable func savePodSettings(request: Request, context: AppContext) async throws -> Response {
        let typed = try await request.postedFields()
        switch try await self.save(typed, SettingCatalog.fleet) {
        case .saved(let names, let notice):
            self.parts.fleet?.wake()
            return Self.redirect(to: Self.podsPath, notice: notice, saved: names)
        case .refused(let rows):
            let view = try await self.podsView(rows)
            return HTML(self.pages.pods(view, now: self.parts.now())).response(status: .badRequest)
        }
    }

    @Sendable func resetPodSetting(request: Request, context: AppContext) async throws -> Response {
        try await self.reset(try await request.postedFields()["name"] ?? "", backTo: Self.podsPath)
    }

    @Sendable func switchPods(request: Request, context: AppContext) async throws -> Response {
        let isOn = try await request.postedFields()["enabled"] == "true"
        try await self.parts.settings.set(
            [FleetSetting.enabled.rawValue: isOn ? "true" : "false"], at: self.parts.now())
        self.parts.fleet?.wake()
        return Self.redirect(to: Self.podsPath, notice: isOn ? "Pods are switched on." : "Pods are switched off.")
    }

    // MARK: Pods

    @Sendable func createPod(request: Request, context: AppContext) async throws -> Response {
        let isPersistent = try await request.postedFields()["persistent"] == "true"
        return try await self.attempt {
            let instance = try await self.parts.configuredFleet().start(persistent: isPersistent)
            return "Pod \(instance) is being created. It works in some minutes."
        }
    }

    @Sendable func askToEndAll(request: Request, context: AppContext) async throws -> HTML {
        let pods = try await self.parts.fleet?.status().activePods ?? []
        return HTML(self.pages.endAllPods(count: pods.count { $0.ending == nil }))
    }

    @Sendable func endAll(request: Request, context: AppContext) async throws -> Response {
        try await self.attempt {
            let count = try await self.parts.configuredFleet().stopAll()
            return "\(PageText.count(count, "pod is", "pods are")) being ended."
        }
    }

    @Sendable func askToEnd(request: Request, context: AppContext) async throws -> HTML {
        let instance = try Self.instance(context)
        let pods = try await self.parts.fleet?.status().activePods ?? []
        guard let pod = pods.first(where: { $0.instance == instance }) else {
            throw CastError(.notFound, "Pod \(instance) is not there any more.")
        }
        return HTML(self.pages.endPod(pod))
    }

    @Sendable func endPod(request: Request, context: AppContext) async throws -> Response {
        let instance = try Self.instance(context)
        return try await self.attempt {
            try await self.parts.configuredFleet().stop(pod: instance.text)
            return "Pod \(instance) is being ended."
        }
    }

    @Sendable func setPersistent(request: Request, context: AppContext) async throws -> Response {
        let instance = try Self.instance(context)
        let isPersistent = try await request.postedFields()["persistent"] == "true"
        return try await self.attempt {
            try await self.parts.configuredFleet().setPersistent(instance, isPersistent)
            return isPersistent
                ? "Pod \(instance) stays when it is idle; its maximum lifetime holds."
                : "Pod \(instance) leaves when it is idle."
        }
    }

    private static func instance(_ context: AppContext) throws -> InstanceID {
        guard let instance = context.parameters.get("instance").flatMap({ InstanceID($0) }) else {
            throw HTTPError(.notFound)
        }
        return instance
    }

    /// Does what a form asks for, and leads back to the page, which says what came of it.
    func attempt(_ body: () async throws -> String) async throws -> Response {
        do {
            return Self.redirect(to: Self.podsPath, notice: try await body())
        } catch let error as CastError {
            let allowed = CharacterSet.alphanumerics
            let problem = error.message.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
            return Response(status: .seeOther, headers: [.location: "\(Self.podsPath)?problem=\(problem)"])
        }
    }
}
