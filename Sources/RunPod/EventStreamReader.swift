import Foundation

/// Cuts a stream of server-sent events into events, whatever pieces it comes in.
struct EventStreamReader: Sendable {
    struct Event: Sendable, Equatable {
        var id: String?
        var data: String
    }

    private var line: [UInt8] = []
    private var isTooLong = false
    private var id: String?
    private var data: [String] = []
    private var dataBytes = 0

    private static let longestLine = 64 * 1024
    private static let largestEvent = 256 * 1024

    /// The events that end within these bytes; lines that are too long are dropped.
    mutating func append(_ bytes: some Sequence<UInt8>) -> [Event] {
        var events: [Event] = []
        for byte in bytes {
            guard byte == UInt8(ascii: "\n") else {
                if self.line.count < Self.longestLine { self.line.append(byte) } else { self.isTooLong = true }
                continue
            }
            if self.line.last == UInt8(ascii: "\r") { self.line.removeLast() }
            if let event = self.end(self.isTooLong ? ":" : String(decoding: self.line, as: UTF8.self)) {
                events.append(event)
            }
            self.line.removeAll(keepingCapacity: true)
            self.isTooLong = false
        }
        return events
    }

    private mutating func end(_ line: String) -> Event? {
        guard !line.isEmpty else {
            defer {
                self.id = nil
                self.data = []
                self.dataBytes = 0
            }
            return self.data.isEmpty ? nil : Event(id: self.id, data: self.data.joined(separator: "\n"))
        }
        guard !line.hasPrefix(":") else { return nil }
        let sign = line.firstIndex(of: ":") ?? line.endIndex
        var value = line[sign...].dropFirst()
        if value.first == " " { value.removeFirst() }
        switch line[..<sign] {
        case "id": self.id = String(value)
        case "data" where self.dataBytes + value.utf8.count <= Self.largestEvent:
            self.dataBytes += value.utf8.count
            self.data.append(String(value))
        default: break
        }
        return nil
    }
}
