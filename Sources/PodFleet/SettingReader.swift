import CastCore
import Foundation

/// Reads settings strictly: a wrong value is an error that says what it may be, never the default in silence.
///
/// A variable that is set to `-` is set to nothing: so a default can be taken away.
struct SettingReader {
    private let variables: Variables

    init(_ variables: Variables) { self.variables = variables }

    func text(_ setting: FleetSetting) -> String? {
        let text = (self.variables.text(setting.variable) ?? setting.standard).trimmingCharacters(in: .whitespaces)
        return text.isEmpty || text == "-" ? nil : text
    }

    private func wrong(_ setting: FleetSetting, _ text: String, _ allowed: String) -> CastError {
        CastError(.invalid, "\(setting.variable) is “\(text)”; it must be \(allowed).")
    }

    func bool(_ setting: FleetSetting) throws -> Bool {
        try self.variables.bool(setting.variable) ?? (setting.standard == "true")
    }

    func optionalInt(_ setting: FleetSetting, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = self.text(setting) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw self.wrong(setting, text, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func int(_ setting: FleetSetting, in range: ClosedRange<Int>) throws -> Int {
        guard let number = try self.optionalInt(setting, in: range) else {
            throw self.wrong(setting, "-", "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(_ setting: FleetSetting) throws -> Choice {
        let text = self.text(setting) ?? ""
        guard let choice = Choice(rawValue: text.lowercased()) else {
            throw self.wrong(setting, text, Choice.allCases.map(\.rawValue).joined(separator: " or "))
        }
        return choice
    }

    func list(_ setting: FleetSetting) -> [String] {
        (self.text(setting) ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty }
    }

    func clouds(_ setting: FleetSetting) throws -> [Cloud] {
        let names = self.list(setting)
        let clouds = names.compactMap { Cloud(rawValue: $0.lowercased()) }
        guard !clouds.isEmpty, clouds.count == names.count else {
            throw self.wrong(setting, names.joined(separator: ","), "community, secure, or both with a comma between")
        }
        return clouds
    }

    func cuda(_ setting: FleetSetting) throws -> CUDAVersion? {
        guard let text = self.text(setting) else { return nil }
        guard let version = CUDAVersion(text) else { throw self.wrong(setting, text, "a version like 12.8, or -") }
        return version
    }

    func money(_ setting: FleetSetting) throws -> Money? {
        guard let text = self.text(setting) else { return nil }
        guard let money = Money(text), money >= .zero else {
            throw self.wrong(setting, text, "an amount of dollars like 1.50, or - for no limit")
        }
        return money
    }

    func date(_ setting: FleetSetting) throws -> Date? {
        guard let text = self.text(setting) else { return nil }
        guard let date = try? Date(text, strategy: .iso8601) else {
            throw self.wrong(setting, text, "a time like 2026-12-24T18:00:00Z")
        }
        return date
    }

    func command(_ setting: FleetSetting) throws -> FleetSettings.StartCommand? {
        guard let text = self.text(setting) else { return nil }
        guard text.hasPrefix("[") else {
            return FleetSettings.StartCommand(entrypoint: ["/bin/sh", "-c"], command: [text])
        }
        guard let words = try? JSONDecoder().decode([String].self, from: Data(text.utf8)), !words.isEmpty else {
            throw self.wrong(setting, text, #"a line for the shell, or an array like ["bash", "-lc", "start"]"#)
        }
        return FleetSettings.StartCommand(command: words)
    }

    /// An address with the digest of what is there: nothing is run whose digest nobody has said.
    func worker() throws -> FleetSettings.WorkerSource? {
        guard let text = try self.address(.workerURL) else { return nil }
        let parts = text.split(separator: "#", maxSplits: 1)
        let digest = parts.count == 2 ? parts[1].lowercased().replacing("sha256=", with: "") : ""
        guard digest.count == 64, digest.allSatisfy(\.isHexDigit) else {
            throw self.wrong(.workerURL, text, "an address that ends in #sha256= and 64 hexadecimal digits")
        }
        return FleetSettings.WorkerSource(url: String(parts[0]), digest: digest)
    }

    func address(_ setting: FleetSetting) throws -> String? {
        guard let text = self.text(setting) else { return nil }
        guard let url = URL(string: text), let scheme = url.scheme, ["http", "https"].contains(scheme),
            let host = url.host(), !host.isEmpty
        else { throw self.wrong(setting, text, "an address like http://your-server:8000") }
        return text
    }
}
