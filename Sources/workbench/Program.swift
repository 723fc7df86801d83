import ArgumentParser
import CastCore
import Foundation

/// The development program behind `make demo` and `make bench`; it is never installed.
@main
struct Workbench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workbench", abstract: "Shows and measures what cast2md does.",
        subcommands: [
            DemoCommand.self, ShowCommand.self, CutsCommand.self, SpeechBenchCommand.self, ServerBenchCommand.self,
            FleetDemoCommand.self,
        ])

    static func main() async {
        do {
            var command = try Self.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error as CastError {
            Console.error("workbench: \(error.message)")
            Foundation.exit(1)
        } catch let interrupted as Interrupted {
            Console.error("\nworkbench: interrupted; what it started has been stopped.")
            // As a shell does: 128 and the signal's number.
            Foundation.exit(128 + interrupted.signal)
        } catch {
            Self.exit(withError: error)
        }
    }
}
