import CastCore
import Foundation
import LibraryImport
import Testing

struct RowFileTests {
    private func all(_ file: RowFile) throws -> [OldRow] {
        var rows = file.rows()
        var found: [OldRow] = []
        while let row = try rows.next() { found.append(row) }
        return found
    }

    @Test func `rows that cross the reader's chunks come whole and in order`() throws {
        // 3,000 rows of about a kilobyte: three chunks of a megabyte, with rows across their borders.
        let lines = (1...3000).map { number in
            #"{"setting" : {"key":"k\#(number)","value":"\#(String(repeating: "ü", count: 500 + number % 37))"}}"#
        }
        let rows = try self.all(try RowFile(recorded: lines.joined(separator: "\n") + "\n"))
        #expect(rows.compactMap(\.setting?.key) == (1...3000).map { "k\($0)" })
        #expect(rows[2999].setting?.value.count == 500 + 3000 % 37)
    }

    @Test func `a last row without a line's end, and empty lines, are no faults`() throws {
        let text =
            "\n" + #"{"feed" : {"id":7,"url":"u","title":"t","custom_title":null}}"# + "\n\n"
            + #"{"job" : {"id":1,"episode_id":2,"job_type":"embed","status":"queued"}}"#
        let rows = try self.all(try RowFile(recorded: text))
        #expect(rows.map { $0.feed?.id } == [7, nil])
        #expect(rows[1].job?.kind == "embed")
    }

    @Test func `two readers do not disturb each other`() throws {
        let file = try RowFile(recorded: #"{"setting":{"key":"a","value":"1"}}"# + "\n")
        #expect(try self.all(file) == self.all(file))
        #expect(try self.all(file).count == 1)
    }

    @Test func `what is no row is refused by its beginning`() throws {
        let error = #expect(throws: CastError.self) {
            try self.all(try RowFile(recorded: "ERROR: something else\n"))
        }
        #expect(error?.message.contains("ERROR: something else") == true)
    }

    @Test func `a segment's time that is no number is none`() throws {
        let line = #"{"segment":{"episode_id":3,"segment_start":"NaN","segment_end":1.5,"text":"x"}}"#
        let segment = try #require(try self.all(try RowFile(recorded: line)).first?.segment)
        #expect(segment == OldSegment(episodeID: 3, start: nil, end: 1.5, text: "x"))
    }
}
