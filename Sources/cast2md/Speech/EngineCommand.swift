import ArgumentParser
import CastClient
import CastCore
import Foundation
import Transcription

struct EngineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engine", abstract: "Install the programs that recognise speech.",
        subcommands: [Install.self, Status.self])

    struct Install: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an engine's Python environment, pinned and verified; harmless to repeat.")

        @Argument(help: "The engine: faster-whisper, nemo (Parakeet on a GPU) or onnx-asr (Parakeet without).")
        var engine = "faster-whisper"

        func run() async throws {
            let environment = ProcessInfo.processInfo.environment
            let installer = EngineInstaller(
                try EngineInstaller.engine(self.engine), home: HomeFolder(environment: environment),
                environment: environment)
            if (try? installer.find()) == nil {
                print("Installing \(self.engine) (\(installer.engine.size)); this is done once.")
            }
            let isTerminal = isatty(STDERR_FILENO) != 0
            let bar = ProgressBar(label: self.engine)
            let installed = try await installer.install { line in
                if isTerminal { bar.say("  \(line)") } else { print("  \(line)") }
            }
            bar.finish()
            print("\(self.engine) is installed: \(installed.python)")
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show which engines are installed.")

        @Flag(help: "Print JSON instead of a table.")
        var json = false

        struct Row: Encodable {
            var engine: String
            var backend: String
            var installed: Bool
            var python: String?
        }

        func run() async throws {
            let environment = ProcessInfo.processInfo.environment
            let rows = EngineInstaller.Engine.allCases.map { engine in
                let found = try? EngineInstaller(
                    engine, home: HomeFolder(environment: environment), environment: environment
                ).find()
                return Row(
                    engine: engine.rawValue, backend: engine.backend.rawValue, installed: found != nil,
                    python: found?.python)
            }
            try Output.show(rows, asJSON: self.json) { rows in
                var table = Output.table(["ENGINE", "BACKEND", "STATE"])
                for row in rows {
                    table.add([
                        row.engine, row.backend, row.python ?? "not installed: cast2md engine install \(row.engine)",
                    ])
                }
                return table.text
            }
        }
    }
}
