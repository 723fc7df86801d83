import CastClient
import CastCore
import Testing

@Suite struct ServerSentEventsTests {
    static let stream =
        "retry: 2000\n\nid: 7\nevent: job.queued\ndata: {\"a\":1}\n\n: \n\ndata:x\r\ndata: y\r\n\r\nevent: none\n\nid: 8\rdata: ü\r\r"

    static let events = [
        ServerSentEvent(id: "7", name: "job.queued", data: "{\"a\":1}"),
        ServerSentEvent(id: nil, name: "message", data: "x\ny"), ServerSentEvent(id: "8", name: "message", data: "ü"),
    ]

    @Test(arguments: [1, 2, 3, 7, 50, 10_000])
    func `events come out whole, however the bytes came in`(size: Int) throws {
        var parser = ServerSentEvents()
        var events: [ServerSentEvent] = []
        var rest = Array(Self.stream.utf8)[...]
        while !rest.isEmpty {
            events += try parser.take(rest.prefix(size))
            rest = rest.dropFirst(size)
        }
        #expect(events == Self.events)
    }

    @Test func `what never ends is refused`() {
        var parser = ServerSentEvents()
        #expect(throws: CastError.self) {
            for _ in 0..<40 { _ = try parser.take(Array(repeating: UInt8(0x61), count: 100_000)) }
        }
        var lines = ServerSentEvents()
        #expect(throws: CastError.self) {
            for _ in 0..<40 { _ = try lines.take(Array("data: \(String(repeating: "a", count: 100_000))\n".utf8)) }
        }
    }

    @Test func `comments without end are no event and no fault`() throws {
        var parser = ServerSentEvents()
        for _ in 0..<400 { #expect(try parser.take(Array(":\(String(repeating: "a", count: 10_000))\n\n".utf8)) == []) }
    }
}
