// Classes of one picture, by a file of `zoo package MODEL --for onnxruntime --processing inside`.
//
//   classify FOLDER PICTURE.ppm
//
// FOLDER holds model.onnx and labels.txt. The picture is a binary PPM (P6, 8 bits): every viewer writes one, and it is
// read in a few lines. Everything else (scaling, cropping, normalising, ranking) is in the file itself.

#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include <openvino/openvino.hpp>

namespace {

struct Picture {
    std::size_t width = 0;
    std::size_t height = 0;
    std::vector<std::uint8_t> rgb;  // row by row, red, green, blue
};

// The next number of a PPM's header; lines that begin with # are comments.
std::size_t number(std::istream& file, const std::string& path) {
    while ((file >> std::ws) && file.peek() == '#') {
        file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
    }
    std::size_t value = 0;
    if (!(file >> value)) {
        throw std::runtime_error(path + ": the header of this PPM is damaged");
    }
    return value;
}

Picture read_ppm(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw std::runtime_error(path + ": there is no such file");
    }
    std::string kind(2, '\0');
    file.read(kind.data(), 2);
    if (kind != "P6") {
        throw std::runtime_error(path + ": this is no binary PPM (P6)");
    }
    Picture picture;
    picture.width = number(file, path);
    picture.height = number(file, path);
    const std::size_t largest = number(file, path);
    constexpr std::size_t most = 30000;
    if (largest != 255 || !picture.width || !picture.height || picture.width > most || picture.height > most) {
        throw std::runtime_error(path + ": 8 bits a colour, and sides of 1 to 30000 pixels, are expected");
    }
    file.get();  // the one blank behind the header
    picture.rgb.resize(picture.width * picture.height * 3);
    file.read(reinterpret_cast<char*>(picture.rgb.data()), static_cast<std::streamsize>(picture.rgb.size()));
    if (static_cast<std::size_t>(file.gcount()) != picture.rgb.size()) {
        throw std::runtime_error(path + ": this PPM ends too early");
    }
    return picture;
}

std::vector<std::string> read_lines(const std::string& path) {
    std::ifstream file(path);
    if (!file) {
        throw std::runtime_error(path + ": there is no such file");
    }
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) {
        lines.push_back(line);
    }
    return lines;
}

void classify(const std::string& folder, const std::string& path) {
    const std::vector<std::string> labels = read_lines(folder + "/labels.txt");
    Picture picture = read_ppm(path);

    ov::Core core;
    // In float32, as the zoo runs it: a CPU may choose bfloat16 otherwise
    ov::CompiledModel network =
        core.compile_model(folder + "/model.onnx", "CPU", ov::hint::inference_precision(ov::element::f32));
    ov::InferRequest request = network.create_infer_request();
    request.set_tensor("picture", ov::Tensor(ov::element::u8, {picture.height, picture.width, 3}, picture.rgb.data()));
    request.infer();

    const ov::Tensor classes = request.get_tensor("classes");
    const ov::Tensor scores = request.get_tensor("scores");
    std::printf("%s: ", path.c_str());
    for (std::size_t rank = 0; rank < classes.get_size(); ++rank) {
        const auto index = static_cast<std::size_t>(classes.data<const std::int64_t>()[rank]);
        std::printf("%s%s (%.3f)", rank ? ", " : "", labels.at(index).c_str(), scores.data<const float>()[rank]);
    }
    std::printf("\n");
}

}  // namespace

int main(int count, char** words) {
    if (count != 3) {
        std::cerr << "usage: classify FOLDER PICTURE.ppm\n";
        return 2;
    }
    try {
        classify(words[1], words[2]);
    } catch (const std::exception& error) {
        std::cerr << "error: " << error.what() << "\n";
        return 2;
    }
    return 0;
}
