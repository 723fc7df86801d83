import ArgumentParser
import CastAPI
import CastClient
import CastCore
import Foundation

struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Show what happened, and with --follow what happens.",
        discussion: """
            With --follow it goes on until it is ended, takes up a broken connection where it was, and with --json \
            prints one object a line.
            """)
    @Flag(name: .shortAndLong, help: "Go on with what happens from now on.") var follow = false
    @Option(help: "So many of the past, 0 to 1000.") var limit = 20
    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard ((self.follow ? 0 : 1)...1000).contains(self.limit) else {
            throw ValidationError("--limit must be from \(self.follow ? 0 : 1) to 1000.")
        }
    }

    func run() async throws {
        let past = try await self.server.withServer { try await $0.events(limit: max(1, self.limit)).events }
        guard self.follow else {
            return try self.server.show(past) { events in
                events.isEmpty
                    ? "Nothing has happened yet." : events.reversed().map(EventLine.text).joined(separator: "\n")
            }
        }
        for event in past.prefix(self.limit).reversed() { try self.say(event) }
        try await self.goOn(after: past.first?.id)
    }

    private func goOn(after first: Int64?) async throws {
        var last = first ?? 0
        while true {
            do {
                let start = last
                last = try await self.server.withServer { admin in
                    var newest = start
                    do {
                        try await admin.followEvents(after: start) { event in
                            try self.say(event)
                            newest = event.id
                        }
                    } catch let error as CastError where error.answeredStatus == nil && newest > start {
                        // It broke off after something had come: go on from there at once.
                    }
                    return newest
                }
            } catch let error as CastError where [.unavailable, .timedOut].contains(error.code) {
                ExitStatus.complain("\(error.message) Trying again.")
            }
            try await Task.sleep(for: .seconds(2))
        }
    }

    private func say(_ event: EventMessage) throws {
        guard self.server.json else { return Self.line(EventLine.text(event)) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        Self.line(String(decoding: try encoder.encode(event), as: UTF8.self))
    }

    /// At once, also into a pipe.
    private static func line(_ text: String) { FileHandle.standardOutput.write(Data("\(text)\n".utf8)) }
}

/// An event as one line for a person.
enum EventLine {
    static func text(_ event: EventMessage) -> String {
        var parts = [Shown.time(event.at), event.event.rawValue]
        if let id = event.episodeID { parts.append("episode \(id)") }
        if let id = event.feedID { parts.append("feed \(id)") }
        if let id = event.jobID { parts.append("job \(id)") }
        if let id = event.nodeID { parts.append("node \(id == .server ? "server" : id.rawValue)") }
        for (name, value) in event.detail.sorted(by: { $0.key < $1.key }) {
            if let text = Self.text(value) { parts.append("\(name): \(text)") }
        }
        return TerminalText.plain(parts.joined(separator: "  "))
    }

    private static func text(_ value: JSONValue) -> String? {
        switch value {
        case .string(let text): String(text.prefix(200))
        case .int(let number): String(number)
        case .double(let number): String(number)
        case .bool(let flag): String(flag)
        case .null, .array, .object: nil
        }
    }
}
