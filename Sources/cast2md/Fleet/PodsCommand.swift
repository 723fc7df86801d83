import ArgumentParser
import CastAPI
import CastClient
import CastCore

struct PodsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pods", abstract: "List, create and end GPU pods, and see what they cost.",
        subcommands: [
            List.self, Create.self, Terminate.self, Status.self, Logs.self, Events.self, Costs.self, Models.self,
        ])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List pods: those that are there, and the last day's.")
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let status = try await self.server.withServer { try await $0.fleetStatus() }
            try self.server.show(status) { status in
                guard status.available else {
                    return "No provider of pods is configured: set RUNPOD_API_KEY on the server."
                }
                guard !status.setupStates.isEmpty else { return "No pods. Create one with: cast2md pods create" }
                var table = TextTable(["INSTANCE", "STATE", "GPU", "$/H", "SO FAR", "JOBS", "SINCE", "MESSAGE"])
                for pod in status.setupStates {
                    table.add([
                        pod.instanceID, pod.state, pod.gpuType.isEmpty ? "–" : pod.gpuType,
                        PodsCommand.dollars(pod.pricePerHour), PodsCommand.dollars(pod.cost), "\(pod.jobsCompleted)",
                        Shown.time(pod.startedAt), pod.error ?? pod.message,
                    ])
                }
                return table.text
            }
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Create a pod; it takes minutes to come.")
        @Flag(help: "It stays when it is idle; budget and maximum lifetime hold all the same.") var persistent = false
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let answer = try await self.server.withServer { try await $0.createPod(persistent: self.persistent) }
            try self.server.show(answer) { $0.message }
        }
    }

    struct Logs: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what a pod said last, also when it is gone.")
        @Argument(help: "The pod's instance.") var pod: String
        @Option(help: "How many lines, 1 to 10,000.") var lines = 200
        @OptionGroup var server: ServerOptions

        func validate() throws {
            guard (1...10_000).contains(self.lines) else { throw ValidationError("--lines must be from 1 to 10000.") }
        }

        func run() async throws {
            let log = try await self.server.withServer { try await $0.podLog(self.pod, lines: self.lines) }
            try self.server.show(log) { log in
                log.lines.map { "\(Shown.time($0.at))  \($0.source)  \($0.text)" }.joined(separator: "\n")
            }
        }
    }

    struct Terminate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "End one pod, or all of this server.")
        @Argument(help: "The pod's instance, or the provider's id.") var pod: String?
        @Flag(help: "End all pods of this server.") var all = false
        @OptionGroup var server: ServerOptions

        func validate() throws {
            guard (self.pod == nil) == self.all else { throw ValidationError("Name a pod, or say --all.") }
        }

        func run() async throws {
            let answer = try await self.server.withServer { try await $0.terminate(self.pod) }
            try self.server.show(answer) { $0.message }
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the fleet, or where one pod's setup stands.")
        @Argument(help: "The pod's instance.") var instance: String?
        @OptionGroup var server: ServerOptions

        func run() async throws {
            if let instance {
                let state = try await self.server.withServer { try await $0.setupStatus(instance) }
                return try self.server.show(state) { PodsCommand.text($0) }
            }
            let status = try await self.server.withServer { try await $0.fleetStatus() }
            try self.server.show(status) { PodsCommand.text($0) }
        }
    }

    struct Events: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show what the fleet decided and did, newest last.")
        @Option(help: "At most so many, 1 to 1000.") var limit = 50
        @OptionGroup var server: ServerOptions

        func validate() throws {
            guard (1...1000).contains(self.limit) else { throw ValidationError("--limit must be from 1 to 1000.") }
        }

        func run() async throws {
            let answer = try await self.server.withServer { try await $0.fleetEvents(limit: self.limit) }
            try self.server.show(answer) { answer in
                var table = TextTable(["TIME", "KIND", "POD", "WHAT"], maximumWidth: 120)
                for event in answer.events.reversed() {
                    table.add([Shown.time(event.at), event.kind, event.instanceID ?? "–", event.message])
                }
                return table.text
            }
        }
    }

    struct Costs: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show what pods cost and did.")
        @Option(help: "Of so many days.") var days = 30
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let answer = try await self.server.withServer { try await $0.podRuns(days: self.days) }
            try self.server.show(answer) { answer in
                var table = TextTable(["POD", "GPU", "FROM", "TO", "$", "JOBS", "AUDIO H", "H/$", "ENDED BECAUSE"])
                for run in answer.runs {
                    table.add([
                        run.instanceID, run.gpuType, Shown.time(run.startedAt), Shown.time(run.endedAt),
                        PodsCommand.dollars(run.cost), "\(run.jobsCompleted)", PodsCommand.number(run.audioHours),
                        run.audioHoursPerDollar.map(PodsCommand.number) ?? "–", run.endReason ?? "–",
                    ])
                }
                return table.text
                    + "\n\n\(PodsCommand.dollars(answer.totalCost)) dollars, \(answer.totalJobs) jobs, "
                    + "\(PodsCommand.number(answer.totalAudioHours)) hours of audio."
            }
        }
    }

    struct Models: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the models that pods may run; add or remove one.")
        @Option(help: "Add this model.") var add: String?
        @Option(help: "Remove this model.") var remove: String?
        @OptionGroup var server: ServerOptions

        func validate() throws {
            if self.add != nil, self.remove != nil { throw ValidationError("--add and --remove exclude each other.") }
        }

        func run() async throws {
            if let add {
                let answer = try await self.server.withServer { try await $0.addPodModel(add) }
                return try self.server.show(answer) { $0.message }
            }
            if let remove {
                let answer = try await self.server.withServer { try await $0.removePodModel(remove) }
                return try self.server.show(answer) { $0.message }
            }
            let models = try await self.server.withServer { try await $0.podModels() }
            try self.server.show(models) { models in
                var table = TextTable(["MODEL", "BACKEND", "NAME"])
                for model in models.models { table.add([model.id, model.backend, model.displayName]) }
                return table.text
            }
        }
    }

    private static func text(_ state: SetupStateMessage) -> String {
        var table = TextTable(["POD", state.instanceID], maximumWidth: 120)
        table.add(["State", "\(state.state) (\(state.phase))"])
        table.add(["Message", state.message])
        if let error = state.error { table.add(["Problem", error]) }
        if let lines = state.lastLines { table.add(["Last lines", lines]) }
        table.add(["Bought because", state.purpose])
        table.add(["GPU", state.gpuType.isEmpty ? "–" : state.gpuType])
        table.add(["Dollars an hour", Self.dollars(state.pricePerHour)])
        table.add(["Dollars so far", Self.dollars(state.cost)])
        table.add(["Since", Shown.time(state.startedAt)])
        table.add(["Provider's id", state.podID ?? "–"])
        table.add(["Stays when idle", state.persistent ? "yes" : "no"])
        return table.text
    }

    private static func text(_ status: FleetStatusResponse) -> String {
        guard status.available else { return "No provider of pods is configured: set RUNPOD_API_KEY on the server." }
        var table = TextTable(["FLEET", status.enabled ? "enabled" : "disabled"], maximumWidth: 120)
        table.add(["Pods", "\(status.activePods.count) of at most \(status.maxPods)"])
        table.add(["Can create", status.canCreate ? "yes" : status.canCreateReason])
        table.add(["Scales by itself", status.autoScaleEnabled ? "above \(status.scaleThreshold) jobs" : "no"])
        for money in status.spending {
            let cap = money.cap.map { " of \(Self.dollars($0))" } ?? ", no cap"
            table.add([
                "Dollars this \(money.period)",
                "\(Self.dollars(money.spent)), \(Self.dollars(money.reserved)) reserved\(cap)",
            ])
        }
        if let uplink = status.uplink, let rate = uplink.bytesPerSecond {
            let limit = uplink.limitBytesPerSecond.map { ", \(Self.number($0 / 125_000)) at most" } ?? ""
            table.add(["Mbit/s sent to pods", "\(Self.number(rate / 125_000))\(limit)"])
        }
        if let hold = status.hold { table.add(["Buys nothing now", hold]) }
        if let trouble = status.trouble { table.add(["Provider", trouble]) }
        return table.text
    }

    private static func dollars(_ amount: Double?) -> String {
        amount.map { Money(dollars: $0)?.description ?? "–" } ?? "–"
    }

    private static func number(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
