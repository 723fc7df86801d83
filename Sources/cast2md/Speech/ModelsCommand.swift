import ArgumentParser
import CastClient
import CastCore
import Foundation
import Transcription

struct ModelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models", abstract: "Get and find the models that engines use.",
        subcommands: [List.self, Fetch.self, Path.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the models that there are.")

        @Flag(help: "Print JSON instead of a table.")
        var json = false

        struct Row: Encodable {
            var model: String
            var backend: String
            var engine: String
            var megabytes: Int
            var installed: Bool
        }

        func run() async throws {
            let store = ModelsCommand.store
            let rows = ModelCatalog.models.map { model in
                Row(
                    model: model.name, backend: model.backend.rawValue, engine: model.engine.rawValue,
                    megabytes: model.size, installed: store.isInstalled(model))
            }
            try Output.show(rows, asJSON: self.json) { rows in
                var table = Output.table(["MODEL", "ENGINE", "SIZE", "STATE"])
                for row in rows {
                    table.add([row.model, row.engine, "\(row.megabytes) MB", row.installed ? "here" : "–"])
                }
                return table.text
            }
        }
    }

    struct Fetch: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Get a model, verified by digest; resumed after a break, harmless to repeat.")

        @Argument(help: "The model's name, for example base.")
        var model: String

        @Option(help: "hub, mirror, or a folder that holds the files (default: the hub, then the mirror).")
        var from: String?

        @Option(help: "The engine that is to use it (default: the one that would be used on this machine).")
        var engine: String?

        func run() async throws {
            let environment = ProcessInfo.processInfo.environment
            let model = try ModelsCommand.form(of: self.model, engine: self.engine)
            let source: ModelStore.Source =
                switch self.from {
                case nil: .anywhere
                case "hub": .hub
                case "mirror": .mirror
                case let folder?: .folder(folder)
                }
            let installer = EngineInstaller(
                model.engine, home: HomeFolder(environment: environment), environment: environment)
            let bar = ProgressBar(label: model.name)
            let path = try await ModelsCommand.store.fetch(
                model, from: source, python: (try? installer.find().python) ?? "python3"
            ) { progress in
                let megabytes = progress.bytes >> 20
                bar.say(
                    progress.total > 0
                        ? "\(progress.file)  \(megabytes) of \(progress.total >> 20) MB" : "\(progress.file)")
            }
            bar.finish()
            print("\(model.name) is here: \(path)")
        }
    }

    struct Path: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print a model's folder, if it is here and right.")

        @Argument(help: "The model's name.")
        var model: String

        @Option(help: "The engine that is to use it (default: the one that would be used on this machine).")
        var engine: String?

        func run() async throws {
            print(try ModelsCommand.store.path(of: try ModelsCommand.form(of: self.model, engine: self.engine)))
        }
    }

    /// The form of a model that an engine takes.
    private static func form(of name: String, engine: String?) throws -> Model {
        let environment = ProcessInfo.processInfo.environment
        var choice = try EngineChoice(home: HomeFolder(environment: environment), environment: environment)
        if let engine { choice.forced = try EngineInstaller.engine(engine) }
        return try choice.preferred(name)
    }

    private static var store: ModelStore {
        let environment = ProcessInfo.processInfo.environment
        return ModelStore(home: HomeFolder(environment: environment), environment: environment)
    }
}
