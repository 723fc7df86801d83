import CastCore
import Foundation

/// What a pod was asked to be, from `POST /v2/pods` or from GraphQL.
struct CreateBody: Sendable {
    var name = ""
    var image = ""
    var gpu = ""
    /// Without a count RunPod finds no capacity.
    var count: Int?
    var minimumCUDA: CUDAVersion?
    var allowedCUDA: [CUDAVersion] = []
    var cloud = Cloud.secure
    var disk = 20
    var dataCentres: [String] = []
    var ports: [String] = []
    var env: [String: String] = [:]
    var args = ""
    var entrypoint: [String] = []
    var cmd: [String] = []

    /// Reads the body of REST v2.
    ///
    /// - Throws: 422 for a body of the wrong form, which names every fault; 400 for one that contradicts itself.
    init(body: Data) throws(Problem) {
        var reader = try StrictReader(body: body)
        self.name = reader.required("name")
        self.image = reader.required("image")
        let asksForCPU = reader.has("cpu")
        reader.ignore("cpu", "mounts", "registry")
        let asksForGPU = reader.has("gpu")
        _ = reader.object("gpu") { self.readGPU(&$0) }
        self.cloud = reader.choice("cloud", of: ["SECURE", "COMMUNITY"]) == "COMMUNITY" ? .community : .secure
        self.disk = reader.int("disk", atLeast: 1) ?? self.disk
        self.dataCentres = reader.strings("dataCenterIds") ?? []
        self.ports = reader.strings("ports") ?? []
        self.env = reader.map("env") ?? [:]
        self.args = reader.string("args") ?? ""
        self.entrypoint = reader.strings("entrypoint") ?? []
        self.cmd = reader.strings("cmd") ?? []
        if reader.string("templateId") != nil { reader.note("templateId is not known here: there are no templates") }
        _ = reader.bool("startSsh")
        _ = reader.bool("startJupyter")
        _ = reader.bool("globalNetworking")
        self.checkForm(&reader)
        try reader.check()
        guard asksForGPU != asksForCPU else {
            throw Problem(status: 400, detail: "exactly one of gpu and cpu must be given")
        }
        guard !asksForCPU else { throw Problem.capacity }
        guard self.minimumCUDA == nil || self.allowedCUDA.isEmpty else {
            throw Problem(status: 400, detail: "minCudaVersion and allowedCudaVersions exclude one another")
        }
        if self.cmd.isEmpty, self.entrypoint.isEmpty { (self.entrypoint, self.cmd) = Self.command(args: self.args) }
    }

    /// For GraphQL, which fills the fields itself.
    init() {}

    private mutating func readGPU(_ reader: inout StrictReader) {
        self.gpu = reader.required("id")
        self.count = reader.int("count", atLeast: 1)
        _ = reader.int("minRamPerGpu", atLeast: 1)
        _ = reader.int("minVcpuCountPerGpu", atLeast: 1)
        if let text = reader.string("minCudaVersion") {
            self.minimumCUDA = CUDAVersion(text)
            if self.minimumCUDA == nil { reader.note("minCudaVersion must look like 12.8") }
        }
        for text in reader.strings("allowedCudaVersions") ?? [] {
            if let version = CUDAVersion(text) {
                self.allowedCUDA.append(version)
            } else {
                reader.note("allowedCudaVersions must look like 12.8")
            }
        }
    }

    private func checkForm(_ reader: inout StrictReader) {
        if self.env.count > 50 { reader.note("env must not have more than 50 entries") }
        for name in self.env.keys where name.isEmpty || name.contains("=") || name.contains("\0") {
            reader.note("env has a name that no variable can have")
        }
        if self.image.range(of: #"^[a-zA-Z0-9][a-zA-Z0-9._/:@-]*$"#, options: .regularExpression) == nil {
            reader.note("image must be an image's name")
        }
        for port in self.ports where port.range(of: "^[0-9]{1,5}/(tcp|http)$", options: .regularExpression) == nil {
            reader.note("ports must look like 22/tcp or 8080/http")
        }
        for place in self.dataCentres where place != place.uppercased() {
            reader.note("dataCenterIds must be in upper case")
        }
    }

    /// `args` is the command as one string, or both as JSON text.
    static func command(args: String) -> (entrypoint: [String], cmd: [String]) {
        struct Both: Decodable {
            var entrypoint: [String]?
            var cmd: [String]?
        }
        if args.hasPrefix("{"), let both = try? JSONDecoder().decode(Both.self, from: Data(args.utf8)) {
            return (both.entrypoint ?? [], both.cmd ?? [])
        }
        return ([], Self.words(args))
    }

    /// Cuts a command into words; quotes keep blanks together.
    static func words(_ text: String) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        for character in text {
            if let open = quote {
                if character == open { quote = nil } else { word = (word ?? "") + String(character) }
            } else if character == "\"" || character == "'" {
                quote = character
                word = word ?? ""
            } else if character.isWhitespace {
                if let whole = word { words.append(whole) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        if let whole = word { words.append(whole) }
        return words
    }
}
