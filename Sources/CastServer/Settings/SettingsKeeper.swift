package import CastCore
package import CastStore
package import Foundation
import Synchronization

/// The configuration as it is now: what the server was started with, and over it what a person has set since.
package final class SettingsKeeper: Sendable {
    /// Where a setting's value comes from.
    package enum Source: String, Sendable {
        case standard = "default"
        case environment = "env_file"
        case database
    }

    private struct State {
        var overrides: [String: String]
        var current: ServerConfiguration
    }

    private let start: ServerConfiguration
    private let defaults: ServerConfiguration
    private let database: Database
    private let state: Mutex<State>

    /// - Parameter start: Flags and variables.
    /// - Throws: When the database cannot be read. A stored value that is not valid any more is left out, and `dropped`
    ///   names it.
    package init(start: ServerConfiguration, database: Database) throws {
        self.start = start
        self.defaults = ServerConfiguration(dataPath: start.dataPath)
        self.database = database
        var kept = try SettingStore.all(of: database)
        var dropped: [String] = []
        for (name, value) in kept where Self.problem([name: value], start) != nil {
            kept[name] = nil
            dropped.append(name)
        }
        self.dropped = dropped.sorted()
        self.state = Mutex(State(overrides: kept, current: try Self.applied(kept, to: start)))
    }

    /// Stored settings that this version does not know, or whose value it does not take.
    package let dropped: [String]

    package var current: ServerConfiguration { self.state.withLock { $0.current } }

    /// What was set, by name, as it was written.
    package var overrides: [String: String] { self.state.withLock { $0.overrides } }

    package func source(of setting: Setting) -> Source {
        if self.overrides[setting.name] != nil { return .database }
        return setting.value(in: self.start) == setting.value(in: self.defaults) ? .standard : .environment
    }

    package func standard(of setting: Setting) -> JSONValue { setting.value(in: self.defaults) }

    /// Sets some settings, all or none; nil takes one back to what the server was started with.
    ///
    /// - Throws: `.notFound` for an unknown name, `.invalid` for a value that cannot be.
    package func set(_ values: [String: String?], at now: Date) async throws {
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
            guard SettingCatalog.named(name) != nil else {
                let known = SettingCatalog.all.map(\.name).sorted().joined(separator: ", ")
                throw CastError(.notFound, "There is no setting “\(name)”. There are: \(known).")
            }
            if let value, let problem = Self.problem([name: value], self.start) { throw problem }
        }
        try await self.database.settings.set(values, at: now)
        try self.state.withLock { state in
            for (name, value) in values { state.overrides[name] = value }
            state.current = try Self.applied(state.overrides, to: self.start)
        }
    }

    /// Why a setting cannot have a value; nil when it can.
    package func problem(_ setting: Setting, _ value: String) -> CastError? {
        Self.problem([setting.name: value], self.start)
    }

    /// Why a setting cannot be taken.
    private static func problem(_ values: [String: String], _ start: ServerConfiguration) -> CastError? {
        guard values.keys.allSatisfy({ SettingCatalog.named($0) != nil }) else {
            return CastError(.notFound, "There is no such setting.")
        }
        do {
            _ = try Self.applied(values, to: start)
            return nil
        } catch {
            return error as? CastError ?? CastError(.invalid, "The value cannot be used.", cause: error)
        }
    }

    private static func applied(
        _ values: [String: String], to start: ServerConfiguration
    ) throws -> ServerConfiguration {
        var configuration = start
        let pairs = values.map { ($0.key.uppercased(), $0.value) }
        try configuration.takeSettings(Variables(Dictionary(pairs) { first, _ in first }))
        return configuration
    }
}
