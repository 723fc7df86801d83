import CastCore

/// One event of a stream.
package struct ServerSentEvent: Sendable, Equatable {
    /// Nil for one that is not kept: the stream cannot go on after it.
    package var id: String?
    package var name: String
    package var data: String

    package init(id: String?, name: String, data: String) {
        self.id = id
        self.name = name
        self.data = data
    }
}

/// Puts a stream of server-sent events together from pieces of bytes.
///
/// https://html.spec.whatwg.org/multipage/server-sent-events.html
package struct ServerSentEvents: Sendable {
    private var line: [UInt8] = []
    private var isAfterReturn = false
    private var id: String?
    private var name = ""
    private var data: [String] = []
    private var size = 0
    /// No event of ours is nearly that large.
    private static let largestEvent = 1 << 20

    package init() {}

    /// - Returns: The events that the piece completed.
    /// - Throws: `.tooLarge` for an event or a line without an end.
    package mutating func take(_ bytes: some Sequence<UInt8>) throws -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        for byte in bytes {
            defer { self.isAfterReturn = byte == 0x0D }
            if byte == 0x0A, self.isAfterReturn { continue }
            guard byte == 0x0A || byte == 0x0D else {
                self.line.append(byte)
                self.size += 1
                guard self.size <= Self.largestEvent else {
                    throw CastError(.tooLarge, "The server sent an event of more than a megabyte.")
                }
                continue
            }
            if let event = self.endLine() { events.append(event) }
        }
        return events
    }

    private mutating func endLine() -> ServerSentEvent? {
        let text = String(decoding: self.line, as: UTF8.self)
        self.line.removeAll(keepingCapacity: true)
        guard text.isEmpty else {
            self.field(text)
            return nil
        }
        defer {
            self.id = nil
            self.name = ""
            self.data = []
            self.size = 0
        }
        guard !self.data.isEmpty else { return nil }
        return ServerSentEvent(
            id: self.id, name: self.name.isEmpty ? "message" : self.name, data: self.data.joined(separator: "\n"))
    }

    private mutating func field(_ text: String) {
        // A comment: it only keeps the connection from falling silent.
        guard !text.hasPrefix(":") else {
            self.size = 0
            return
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        var value = parts.count > 1 ? String(parts[1]) : ""
        if value.hasPrefix(" ") { value.removeFirst() }
        switch String(parts[0]) {
        case "id": self.id = value
        case "event": self.name = value
        case "data": self.data.append(value)
        default: break  // `retry` and what is to come
        }
    }
}
