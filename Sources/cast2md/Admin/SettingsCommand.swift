import ArgumentParser
import CastAPI
import CastClient
import CastCore

struct SettingsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settings", abstract: "See and change the server's settings while it runs.",
        subcommands: [List.self, Set.self, Reset.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List all settings.")
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let settings = try await self.server.withServer { try await $0.settings() }
            try self.server.show(settings) { settings in
                var table = TextTable(["NAME", "VALUE", "UNIT", "FROM", "MAY BE", "WHAT IT DOES"], maximumWidth: 90)
                for (name, setting) in settings.sorted(by: { $0.key < $1.key }) {
                    table.add([
                        name, Self.text(setting.value), setting.unit.isEmpty ? "–" : setting.unit,
                        Self.source(setting.source), Self.range(setting),
                        setting.description + (setting.needsRestart ? " From the next start on." : ""),
                    ])
                }
                return table.text
            }
        }

        private static func text(_ value: JSONValue) -> String {
            switch value {
            case .null: "–"
            case .bool(let value): String(value)
            case .int(let value): String(value)
            case .double(let value): String(value)
            case .string(let value): value.isEmpty ? "–" : value
            case .array, .object: "…"
            }
        }

        private static func source(_ name: String) -> String {
            switch name {
            case "database": "set"
            case "env_file": "environment"
            default: "default"
            }
        }

        private static func range(_ setting: SettingMessage) -> String {
            if let min = setting.min, let max = setting.max { return "\(min) to \(max)" }
            return setting.type == "bool" ? "true or false" : "–"
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change settings, all that are named or none: cast2md settings set fresh_days=14")
        @Argument(help: "NAME=VALUE, or NAME VALUE.") var values: [String]
        @OptionGroup var server: ServerOptions

        func validate() throws { _ = try self.pairs() }

        private func pairs() throws -> [String: String] {
            if self.values.count == 2, !self.values[0].contains("=") { return [self.values[0]: self.values[1]] }
            var pairs: [String: String] = [:]
            for value in self.values {
                guard let sign = value.firstIndex(of: "="), sign != value.startIndex else {
                    throw ValidationError("“\(value)” is not NAME=VALUE.")
                }
                guard
                    pairs.updateValue(String(value[value.index(after: sign)...]), forKey: String(value[..<sign])) == nil
                else { throw ValidationError("\(value[..<sign]) is named twice.") }
            }
            return pairs
        }

        func run() async throws {
            let pairs = try self.pairs()
            let answer = try await self.server.withServer { try await $0.setSettings(pairs) }
            try self.server.show(answer) { $0.message }
        }
    }

    struct Reset: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take settings back to what the server was started with.")
        @Argument(help: "Their names.") var names: [String] = []
        @Flag(help: "All of them.") var all = false
        @OptionGroup var server: ServerOptions

        func validate() throws {
            guard self.names.isEmpty == self.all else { throw ValidationError("Name settings, or say --all.") }
        }

        func run() async throws {
            let answers = try await self.server.withServer { admin in
                guard !self.all else { return [try await admin.resetAllSettings()] }
                var answers: [MessageResponse] = []
                for name in self.names { answers.append(try await admin.resetSetting(name)) }
                return answers
            }
            try self.server.show(answers) { $0.map(\.message).joined(separator: "\n") }
        }
    }
}
