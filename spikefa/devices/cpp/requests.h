// A program that stays in memory and makes a run for every line of its standard input.
//
// The fields of a line are separated by tabs: "name=value" sets a variable before the run
// (a number, or a file), "name<file" reads an array, "name>file" writes a variable down
// after the run. The answer is a line of standard output: the seconds that the time steps
// took, or "stopped". Whatever else the program prints goes to the files "said" and
// "errors". It ends with its input, or with the process that has started it.
#ifndef SPIKEFA_REQUESTS_H
#define SPIKEFA_REQUESTS_H

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace spikefa {

class Requests
{
    typedef std::chrono::steady_clock Clock;
    FILE* answers;
    std::map<std::string, std::string> files;
    mutable std::set<std::string> known;

    static void to_file(const char* name, int descriptor)
    {
        dup2(open(name, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0666), descriptor);
    }

    void finish(std::ofstream& file, const char* name) const
    {
        file.close();
        if (!file)
            std::cerr << "could not write all of " << name << "; is the disk full?"
                      << std::endl;
    }
    Clock::time_point started;
    double seconds = 0;

public:
    // Of the current request, "name=value".
    std::vector<std::string> values;

    Requests()
    {
#ifdef __linux__  // elsewhere it ends after the run that it is making
        prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
        answers = fdopen(dup(STDOUT_FILENO), "w");
        to_file("said", STDOUT_FILENO);
        // What the loader and OpenMP have said of the environment until now is forgotten.
        to_file("errors", STDERR_FILENO);
    }

    bool next()
    {
        std::string line, field;
        if (!std::getline(std::cin, line)) return false;
        values.clear();
        files.clear();
        known.clear();
        for (std::istringstream fields(line); std::getline(fields, field, '\t');)
        {
            const size_t at = field.find_first_of("=<>");
            if (at == std::string::npos || field[at] == '=')
                values.push_back(field);
            else
                files[field.substr(0, at)] = field.substr(at + 1);
        }
        return true;
    }

    void start() { started = Clock::now(); }
    void stop() { seconds = std::chrono::duration<double>(Clock::now() - started).count(); }

    void answer(bool stopped)
    {
        for (const auto& file : files)
            if (!known.count(file.first))
                std::cerr << "There is no " << file.first << std::endl;
        std::cout.flush();
        fflush(stdout);
        if (stopped)
            fprintf(answers, "stopped\n");
        else
            fprintf(answers, "%.9g\n", seconds);
        fflush(answers);
    }

    bool wants(const char* name) const
    {
        known.insert(name);
        return files.count(name);
    }

    // A file may be shorter: the rest is not used.
    template <class T>
    void read(const char* name, T* values, size_t n) const
    {
        if (!wants(name)) return;
        std::ifstream file(files.at(name), std::ios::binary);
        if (!file) std::cerr << "Cannot read " << files.at(name) << std::endl;
        file.read(reinterpret_cast<char*>(values), n * sizeof(T));
    }

    template <class T>
    void write(const char* name, const T* values, size_t n) const
    {
        if (!wants(name)) return;
        std::ofstream file(files.at(name), std::ios::binary);
        file.write(reinterpret_cast<const char*>(values), n * sizeof(T));
        finish(file, name);
    }

    // Rows of the same length: what a monitor has recorded, a row for each time step.
    template <class Rows>
    void write_rows(const char* name, Rows& rows) const
    {
        if (!wants(name)) return;
        std::ofstream file(files.at(name), std::ios::binary);
        for (int row = 0; row < rows.n && rows.m; row++)
            file.write(reinterpret_cast<const char*>(&rows(row, 0)),
                       rows.m * sizeof(rows(0, 0)));
        finish(file, name);
    }
};

}  // namespace spikefa

#endif
