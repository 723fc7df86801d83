import Foundation
import HTTPTypes
import Hummingbird

/// An audio file as an answer: ranges, validators, and a name to save it under.
///
/// The framework's own file server answers suffix ranges and ranges past the end wrongly, so the header is resolved here.
struct AudioFile {
    let url: URL
    let size: Int
    let modifiedAt: Date

    /// Nil when there is no such file.
    init?(_ url: URL) throws {
        guard let facts = try? FileManager.default.attributesOfItem(atPath: url.path),
            let size = facts[.size] as? Int, let modifiedAt = facts[.modificationDate] as? Date
        else { return nil }
        self.url = url
        self.size = size
        self.modifiedAt = modifiedAt
    }

    var etag: String {
        "\"\(String(self.size, radix: 36))-\(String(Int(self.modifiedAt.timeIntervalSince1970 * 1000), radix: 36))\""
    }

    func response(to request: Request, context: AppContext, isAttachment: Bool = true) async throws -> Response {
        var headers: HTTPFields = [
            .contentType: Self.contentType(of: self.url.pathExtension),
            .acceptRanges: "bytes",
            .eTag: self.etag,
            .lastModified: Self.httpDate(self.modifiedAt),
        ]
        if isAttachment { headers[.contentDisposition] = Self.disposition(self.url.lastPathComponent) }
        var range = request.headers[.range]
        if let condition = request.headers[.ifRange], condition != self.etag,
            condition != Self.httpDate(self.modifiedAt)
        {
            range = nil
        }
        switch ByteRange(header: range, size: self.size) {
        case .whole:
            let body = try await FileIO().loadFile(path: self.url.path, context: context)
            return Response(status: .ok, headers: headers, body: body)
        case .part(let range):
            headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound)/\(self.size)"
            let body = try await FileIO().loadFile(path: self.url.path, range: range, context: context)
            return Response(status: .partialContent, headers: headers, body: body)
        case .unsatisfiable:
            headers[.contentRange] = "bytes */\(self.size)"
            return Response(status: .rangeNotSatisfiable, headers: headers)
        }
    }

    static func disposition(_ name: String) -> String {
        let isPlain = name.unicodeScalars.allSatisfy { $0.isASCII && $0.value >= 0x20 && $0 != "\"" && $0 != "\\" }
        if isPlain { return "attachment; filename=\"\(name)\"" }
        let allowed = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
        return "attachment; filename*=utf-8''\(name.addingPercentEncoding(withAllowedCharacters: allowed) ?? "audio")"
    }

    static func contentType(of fileExtension: String) -> String {
        switch fileExtension.lowercased() {
        case "m4a", "mp4", "m4b": "audio/mp4"
        case "ogg", "oga": "audio/ogg"
        case "opus": "audio/opus"
        case "wav": "audio/wav"
        case "flac": "audio/flac"
        case "aac": "audio/aac"
        default: "audio/mpeg"
        }
    }

    private static func httpDate(_ date: Date) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter.string(from: date)
    }
}
